#include "net/line_editor.hpp"

#ifdef P2P_LIBEDIT

#include "core/base/utf8.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cwchar>
#include <histedit.h>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

namespace p2p {

namespace {

constexpr int remembered_lines = 500;

struct closes {
    void operator()(EditLine* one) const { el_end(one); }
    void operator()(History* one) const { history_end(one); }
};

std::size_t columns() {
    constexpr std::size_t usual = 80;
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

std::size_t characters_in(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

// libedit writes through the same buffer. A terminal that is gone shows nothing, and its input ends.
void put(std::string_view text) {
    (void)std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string common_beginning(const std::vector<std::string>& all) {
    std::string_view common = all.front();
    for (const std::string& one : all)
        common = common.substr(
            0, static_cast<std::size_t>(std::ranges::mismatch(common, one).in1 - common.begin()));
    return std::string{common};
}

}  // namespace

bool line_editor::is_there() {
    return true;
}

struct line_editor::inside : std::enable_shared_from_this<inside> {
    inside(asio::any_io_executor on, settings what)
        : executor(std::move(on)), how(std::move(what)), wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
    ~inside() { ::close(wake); }
    inside(const inside&) = delete;
    inside& operator=(const inside&) = delete;

    // --- from other threads

    void poke() const {
        const std::uint64_t once = 1;
        [[maybe_unused]] const auto written = ::write(wake, &once, sizeof once);
    }

    template <class What>
    void call_on_executor(What what) {
        asio::post(executor, [me = weak_from_this(), what = std::move(what)] {
            const auto here = me.lock();
            if (here && !here->ended) what(*here);
        });
    }

    // --- the thread

    void edit() {
        // Otherwise every character beyond ASCII would be thrown away.
        if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
        line.reset(el_init("p2pclient", stdin, stdout, stderr));
        remembered.reset(history_init());
        HistEvent event{};
        history(remembered.get(), &event, H_SETSIZE, remembered_lines);
        history(remembered.get(), &event, H_SETUNIQUE, 1);
        EditLine* const el = line.get();
        el_set(el, EL_CLIENTDATA, this);
        el_set(el, EL_PROMPT, &show_prompt);
        el_set(el, EL_HIST, history, remembered.get());
        el_set(el, EL_EDITOR, "emacs");
        el_wset(el, EL_ADDFN, L"p2p-complete", L"Complete the word", &complete);  // el_set() would leak both
        el_set(el, EL_BIND, "^I", "p2p-complete", nullptr);
        el_set(el, EL_BIND, "^R", "em-inc-search-prev", nullptr);
        el_source(el, nullptr);
        el_set(el, EL_GETCFN, &next_character);
        known_columns = columns();
        read_lines();
        erase();
        std::fflush(stdout);
        line.reset();
        if (!ended) call_on_executor([](inside& me) { me.how.on_end(); });
    }

    void read_lines() {
        for (;;) {
            int length = 0;
            const char* const typed = el_gets(line.get(), &length);
            if (typed == nullptr || length <= 0) return;
            std::string text{typed, static_cast<std::size_t>(length)};
            text.erase(text.find_last_not_of("\r\n") + 1);
            show_as_entered(text);
            HistEvent event{};
            if (text.find_first_not_of(' ') != std::string::npos)
                history(remembered.get(), &event, H_ENTER, text.c_str());
            call_on_executor([text](inside& me) { me.how.on_line(text); });
        }
    }

    static char* show_prompt(EditLine* el) { return of(el).how.prompt.data(); }

    static inside& of(EditLine* el) {
        void* me = nullptr;
        el_get(el, EL_CLIENTDATA, &me);
        return *static_cast<inside*>(me);
    }

    // Shows what is to be shown while it waits. 1: there is one; 0: there will be none any more.
    static int next_character(EditLine* el, wchar_t* into) {
        inside& me = of(el);
        std::mbstate_t state{};
        for (;;) {
            me.show_news();
            std::array<pollfd, 2> both{{{STDIN_FILENO, POLLIN, 0}, {me.wake, POLLIN, 0}}};
            if (::poll(both.data(), both.size(), -1) < 0 && errno != EINTR) return 0;
            if (me.ended) return 0;
            std::uint64_t times = 0;
            if (both[1].revents != 0) [[maybe_unused]]
                const auto drained = ::read(me.wake, &times, sizeof times);
            if (both[0].revents == 0) continue;
            char byte = 0;
            const auto got = ::read(STDIN_FILENO, &byte, 1);
            if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
            if (got <= 0) return 0;
            const std::size_t length = std::mbrtowc(into, &byte, 1, &state);
            if (length <= 1) return 1;
            if (length == static_cast<std::size_t>(-1)) state = {};  // no character: as if it were not there
        }
    }

    void show_news() {
        if (const std::size_t now = columns(); now != known_columns) {
            known_columns = now;
            el_resize(line.get());
        }
        std::string text;
        {
            const std::lock_guard lock{guard};
            if (!changed) return;
            changed = false;
            text.swap(to_print);
            status = to_show;
        }
        draw(text);
    }

    // --- drawing: lines, the status line if there is one, the line that is typed with its prompt

    std::size_t rows_above_cursor() const {
        const LineInfo* const typed = el_line(line.get());
        const auto before = static_cast<std::size_t>(typed->cursor - typed->buffer);
        return (how.prompt.size() + columns_of(std::string_view{typed->buffer, before})) / known_columns;
    }

    void erase() {
        std::size_t up = rows_above_cursor();
        if (status_is_drawn) up += 1;
        if (up > 0) put(fmt::format("\033[{}A", up));
        put("\r\033[J");
        status_is_drawn = false;
    }

    void draw_status() {
        status_is_drawn = !status.empty();
        if (status_is_drawn) put(status + "\n");
        std::fflush(stdout);
    }

    void draw(std::string_view text) {
        erase();
        put(text);
        draw_status();
        el_set(line.get(), EL_REFRESH);
    }

    // The cursor is below the line now. The status line above it goes, the command stays to be read.
    void show_as_entered(const std::string& text) {
        if (!status_is_drawn) return;
        const std::size_t rows = (how.prompt.size() + columns_of(text)) / known_columns + 1;
        put(fmt::format("\033[{}A\r\033[J{}{}\n", rows + 1, how.prompt, text));
        draw_status();
    }

    static unsigned char complete(EditLine* el, wint_t /*key*/) {
        inside& me = of(el);
        const LineInfo* const typed = el_line(el);
        const std::string_view before{typed->buffer, static_cast<std::size_t>(typed->cursor - typed->buffer)};
        const std::vector<std::string> choices = me.how.complete(before);
        if (choices.empty()) return CC_ERROR;
        const std::string_view word = before.substr(before.find_last_of(' ') + 1);
        std::string instead = common_beginning(choices);
        if (choices.size() == 1) instead += ' ';
        if (instead.size() <= word.size() && choices.size() > 1) {
            me.draw(fmt::format("{}\n", fmt::join(choices, "  ")));
            return CC_NORM;
        }
        if (!word.empty()) el_deletestr(el, static_cast<int>(characters_in(word)));
        return el_insertstr(el, instead.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    }

    asio::any_io_executor executor;
    settings how;
    int wake;
    std::atomic<bool> ended = false;

    std::mutex guard;  // of what follows, up to the line
    bool changed = false;
    std::string to_print;
    std::string to_show;

    // The thread's own.
    std::string status;
    bool status_is_drawn = false;
    std::size_t known_columns = 0;
    std::unique_ptr<History, closes> remembered;
    std::unique_ptr<EditLine, closes> line;
    std::thread thread;  // the executor's to join
};

line_editor::line_editor(asio::any_io_executor executor, settings how)
    : inside_(std::make_shared<inside>(std::move(executor), std::move(how))) {
    inside_->thread = std::thread([me = inside_.get()] { me->edit(); });
}

line_editor::~line_editor() {
    inside_->ended = true;
    inside_->poke();
    inside_->thread.join();
    put(inside_->to_print);
    std::fflush(stdout);
}

void line_editor::print(std::string_view text) {
    {
        const std::lock_guard lock{inside_->guard};
        inside_->to_print += text;
        inside_->changed = true;
    }
    inside_->poke();
}

void line_editor::show_status(std::string line) {
    {
        const std::lock_guard lock{inside_->guard};
        if (inside_->to_show == line) return;
        inside_->to_show = std::move(line);
        inside_->changed = true;
    }
    inside_->poke();
}

}  // namespace p2p

#else

namespace p2p {

struct line_editor::inside {};

bool line_editor::is_there() {
    return false;
}
line_editor::line_editor(asio::any_io_executor, settings) {}
line_editor::~line_editor() = default;
void line_editor::print(std::string_view) {}
void line_editor::show_status(std::string) {}

}  // namespace p2p

#endif
