// A whole peer, with real sockets and files: whatever those do who connect to it, whom it connects to, and
// its tracker, everything that it says is a message, it ends only when it is asked to (or its tracker refuses
// it), it keeps nothing that is wrong, and once they are gone, somebody honest gets it complete.
//
// First come lines that say what the peer is: "set" for a published set in place of a chunk folder, "get" for
// one of which it has nothing but the id, "whole" where it lacks nothing, "tight" to set every limit so low
// that a few steps reach it. Each line after these is a step; what it begins with says what is done, and in
// which of six connections. 0, 1 and 2 connect to the peer; it connects to 3 (at once, where it lacks
// something) and 4 (which it is told of), and to 5, its tracker:
//     0 .. 5   sends the rest of the line, and a line end; $3 in it stands for the port of 3
//     A .. F   sends the rest of the line
//     h, H     and a digit: says hello; and has every chunk. A tracker welcomes the peer; and says that every
//              chunk is agreed, and at 3 and 4
//     a, w, b  and a digit: answers what was asked for first; with wrong bytes; with the first half of them
//     u        and a digit, and that of a chunk: sends it unasked
//     n        and a digit: refuses what was asked for first
//     r, c, s, x   and a digit: reads what has come, closes, closes for sending only, resets
//     L        and a digit: sends more than a line may have
//     P, Q, S  the peer is paused, goes on, is asked to stop
//     +        and a step: the peer does nothing between this one and the next
#include "connection.hpp"
#include "core/set/manifest.hpp"
#include "fuzz.hpp"
#include "net/asio.hpp"
#include "net/logging.hpp"
#include "net/task_group.hpp"
#include "peer/fetch_set.hpp"
#include "peer/peer.hpp"
#include "peer/prepare.hpp"
#include "peer/session.hpp"
#include "protocol/json.hpp"
#include "storage/chunk_folder.hpp"
#include "storage/listing_file.hpp"
#include "storage/published_store.hpp"
#include "storage/set_state.hpp"
#include "support/temporary_folder.hpp"
#include "waiting.hpp"

#include <asio/executor_work_guard.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace p2p;
using fuzz::require;

constexpr std::size_t most_steps = 200;

// More than any input of most_steps makes necessary.
constexpr std::size_t most_handlers_in_a_step = 100'000;

// Only where the kernel is slow to hand over what was sent, or something is wrong.
constexpr std::chrono::seconds patience{10};

constexpr std::uint32_t chunk_count = 4;

// --- what the peer has, and is to have

/// A file-set as everybody honest knows it.
struct known_set {
    file_set_key key;
    std::array<std::string_view, chunk_count> chunks;
    std::shared_ptr<const manifest> published;  // none: a chunk folder

    std::string_view text(chunk_index chunk) const { return chunks.at(chunk.value - 1); }
    chunk_claim claim(chunk_index chunk) const {
        return {chunk, hash_of(std::as_bytes(std::span{text(chunk)})), text(chunk).size()};
    }
};

const chunk_set all_chunks = chunk_set::first(chunk_count);
const chunk_set first_chunk = chunk_set::first(1);  // all that a peer has that lacks something

const known_set& in_a_folder() {
    static const known_set made{{"default", chunk_count}, {"brave ", "hello ", "world!", ""}, nullptr};
    return made;
}

// The last chunk is the second once more.
const std::map<std::string_view, std::string_view> published_files{
    {"a", "brave "}, {"b/c", "hello world!"}, {"d", "hello "}, {"e", ""}};

known_set publish() {
    known_set made{{}, {"brave ", "hello ", "world!", "hello "}, nullptr};
    std::vector<manifest_item> items{{entry_kind::link, "f", 0, "b/c"}};
    for (const auto& [path, text] : published_files)
        items.push_back({entry_kind::file, std::string{path}, text.size(), ""});
    std::vector<published_chunk> cut;
    for (const std::string_view chunk : made.chunks) {
        const auto bytes = std::as_bytes(std::span{chunk});
        cut.push_back({static_cast<std::uint32_t>(chunk.size()), hash_of(bytes), sha256_of(bytes)});
    }
    made.published =
        std::make_shared<const manifest>(manifest::make("greeting", std::move(items), cut).value());
    made.key = published_set(made.published->id());
    return made;
}

const known_set& in_a_set() {
    static const known_set made = publish();
    return made;
}

void write(const fs::path& file, std::string_view text) {
    fs::create_directories(file.parent_path());
    std::ofstream{file, std::ios::binary} << text;
}

std::string content_of(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    require(in.good(), "what is stored can be read");
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// In memory where there is a place for that: a disk would be waited for.
const fs::path& folder() {
    static const fs::path memory{"/dev/shm"};
    static const temporary_folder made{fs::is_directory(memory) ? memory : fs::temp_directory_path()};
    static const fs::path root = made / "set";
    return root;
}

struct setting {
    enum class form { folder, set, link } is = form::folder;
    bool whole = false;
    bool tight = false;

    const known_set& set() const { return is == form::folder ? in_a_folder() : in_a_set(); }
    chunk_set present() const {
        if (is == form::link) return {};
        return whole ? all_chunks : first_chunk;
    }

    void write_folder() const {
        fs::remove_all(folder());
        fs::create_directories(folder());
        if (is == form::folder) write_chunks();
        if (is == form::set)
            for (const auto& [path, text] : published_files)
                if (whole || path == "a") write(folder() / path, text);
    }

private:
    void write_chunks() const {
        chunk_listing listing{chunk_count, {}};
        const chunk_set chunks = present();
        for (const chunk_index chunk : chunks) {
            const std::string name = "part " + std::to_string(chunk.value);
            write(folder() / name, in_a_folder().text(chunk));
            listing.names[chunk] = name;
        }
        write(folder() / listing_name, format_local_chunks(listing));
    }
};

// --- the peer

/// What all peers use, one after the other: threads and what they need are made once.
struct machine {
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> stays = asio::make_work_guard(io);
    asio::thread_pool pool{1};
    tcp::resolver resolver{io};

    void run_until_idle() {
        std::size_t handlers = 0;
        for (bool again = true; again;) {
            const std::size_t before = handlers;
            while (const std::size_t more = run_ready() + wait_for_pool()) handlers += more;
            again = handlers > before && wait_for_resolver() > 0;
            require(handlers < most_handlers_in_a_step, "what others ask for comes to an end");
        }
    }

private:
    std::size_t run_ready() {
        std::size_t handlers = 0;
        while (io.poll_one() > 0) ++handlers;
        return handlers;
    }

    // What a thread had to do before it comes to this is done then. Both return how much followed from it.
    std::size_t wait_for_pool() {
        return run_through(
            [this](auto through) { asio::post(pool, [this, through] { asio::post(io, through); }); });
    }
    std::size_t wait_for_resolver() {
        return run_through([this](auto through) {
            resolver.async_resolve("127.0.0.1", "1", [through](const auto&...) { through(); });
        });
    }
    template <class Start>
    std::size_t run_through(Start start) {
        bool is_through = false;
        start([&is_through] { is_through = true; });
        std::size_t handlers = 0;
        while (!is_through) handlers += io.run_one();
        return handlers - 1;
    }
};

machine& shared() {
    static machine made;
    return made;
}

peer_options options_of(const setting& how) {
    peer_options made;
    made.name = "peer";
    made.listen = {"127.0.0.1", 0};
    made.seed = 1;
    if (!how.tight) return made;
    made.limits.connections = {.in_all = 4, .per_host = 2};
    made.limits.line = 1024;
    made.limits.buffered = 2048;
    made.limits.manifest = 200;
    return made;
}

session_options session_options_of(const setting& how) {
    session_options made;
    made.label = "set";
    made.have_delay = {};
    if (!how.tight) return made;
    made.scheduling.open_per_peer = 2;
    made.scheduling.wrong_limit = 1;
    made.uploads = {.slots = 1, .queued_per_peer = 2};
    made.most_connections = 1;
    return made;
}

class running_peer {
public:
    running_peer(const setting& how, const endpoint& tracker, const endpoint& acquaintance)
        : how_(how), peer_(shared().io.get_executor(), shared().pool, options_of(how)) {
        const chunk_set present = how_.present();
        for (const chunk_index chunk : present) owned_[chunk] = how_.set().claim(chunk);
        session_options options = session_options_of(how);
        options.trackers = {tracker};
        options.acquaintances = {acquaintance};
        options.watch.new_chunk = [this](chunk_index chunk) {
            owned_[chunk] = running()->known().claim(chunk);
        };
        options.watch.ended = [this](const peer_status&) { over_ = true; };
        asio::co_spawn(shared().io, peer_.run(live(std::move(options))),
                       [this](const std::exception_ptr& failure) { end(failure); });
    }

    ~running_peer() {
        stop();
        stop();
        run_until([this] { return ended_; });
        require(ended_, "the peer stops when it is asked to");
    }

    std::uint16_t port() const { return peer_.port(); }
    /// What it has, and was found to be right.
    const std::map<chunk_index, chunk_claim>& owned() const { return owned_; }
    /// None, before the manifest is there, and after the end.
    session* running() const { return peer_.sessions().empty() ? nullptr : peer_.sessions().front(); }
    bool has_connections() const { return running() && !running()->status().connections.empty(); }

    void stop() {
        asked_to_stop_ = true;
        peer_.stop();
    }
    bool accepts_connections() const { return !asked_to_stop_ && !ended_; }

    void run_until_idle() {
        shared().run_until_idle();
        const bool is_over = over_ || (running() && running()->stopping());
        if (is_over && !asked_to_stop_) run_until([this] { return ended_; });
    }

    template <class Condition>
    void run_until(Condition holds) {
        fuzz::run_until(shared().io, shared(), patience, holds);
    }

private:
    awaitable<void> live(session_options options) {
        if (how_.is == setting::form::link) {
            fetch_order order;
            order.from = {options.trackers, *how_.set().key.id, "greeting"};
            order.destination = folder();
            order.stay = true;
            order.session = std::move(options);
            co_await fetch_set(peer_, std::move(order));
            co_return;
        }
        std::unique_ptr<chunk_store> store = open_store();
        if (auto* published = dynamic_cast<published_store*>(store.get()))
            co_await prepare(peer_.pool(), peer_.going_on(), *published, how_.whole, {});
        session running(peer_, std::move(store), how_.set().key.name, std::move(options));
        co_await running.run();
    }

    std::unique_ptr<chunk_store> open_store() const {
        if (how_.is == setting::form::folder) return chunk_folder::open(folder()).value();
        set_state state = set_state::open(folder(), *how_.set().key.id).value();
        require(state.write_manifest(*how_.set().published).has_value(), "the manifest is written");
        auto disk = set_disk::open(folder(), how_.set().published, std::move(state)).value();
        return std::make_unique<published_store>(std::move(disk));
    }

    void end(const std::exception_ptr& failure) {
        ended_ = true;
        if (!failure) return require(asked_to_stop_, "the peer ends when it is asked to");
        try {
            std::rethrow_exception(failure);
        } catch (const session_failure& why) {
            const bool by_the_tracker = why.code == exit_code::network;
            const bool too_early = asked_to_stop_ && why.code == exit_code::incomplete;
            if (by_the_tracker || too_early) return;
        } catch (...) {
        }
        std::fprintf(stderr, "the peer ends: %s\n", message_of(failure).c_str());
        require(false, "nobody ends the peer");
    }

    const setting& how_;
    std::map<chunk_index, chunk_claim> owned_;
    peer peer_;
    bool asked_to_stop_ = false;
    bool over_ = false;   // the session has ended
    bool ended_ = false;  // and so has the peer
};

// --- those it talks to

/// Says and sends whatever it is told to, and reads all that comes as what a peer says.
class party : public fuzz::connection {
public:
    party(fuzz::connection line, const known_set& set, const running_peer& at)
        : connection(std::move(line)), set_(set), at_(at) {}

    void say_hello(std::uint64_t instance, const chunk_set& chunks) {
        peer_to_peer::hello hello;
        hello.name = "party";
        hello.transfer_port = 1;
        hello.set = set_.key;
        hello.chunks = chunks;
        hello.instance = instance;
        send(to_line(hello));
    }

    /// False once nothing more will come.
    bool receive() {
        return connection::receive([this] {
            while (read()) {
            }
        });
    }

    enum class answer { right, wrong, half, refusal };
    /// What was asked for first. False where nothing was.
    bool answer_with(answer how) {
        if (asked_.empty()) return false;
        if (const auto* piece = std::get_if<peer_to_peer::get_manifest>(&asked_.front()))
            answer_with(how, *piece);
        else
            answer_with(how, std::get<peer_to_peer::request>(asked_.front()));
        return true;
    }

    void send_chunk(answer how, chunk_index chunk) {
        peer_to_peer::chunk_part part{.chunk = chunk, .offset = begun_, .total = set_.text(chunk).size()};
        part.size = part.total - part.offset;
        if (how == answer::half) part.size /= 2;
        const std::string_view content = set_.text(chunk).substr(part.offset, part.size);
        send(to_line(part) + (how == answer::wrong ? std::string(part.size, '?') : std::string{content}));
        begun_ = part.offset + part.size < part.total ? part.offset + part.size : 0;
    }

private:
    void answer_with(answer how, peer_to_peer::get_manifest asked) {
        asked_.pop_front();
        const std::string& text = set_.published->text();
        if (how == answer::refusal || asked.offset > text.size())
            return send(to_line(peer_to_peer::refuse_manifest{"no"}));
        peer_to_peer::manifest_part part{.offset = asked.offset, .total = text.size()};
        part.size = std::min<byte_count>(asked.size, part.total - part.offset);
        if (how == answer::half) part.size /= 2;
        const std::string content = text.substr(part.offset, part.size);
        send(to_line(part) + (how == answer::wrong ? std::string(part.size, '?') : content));
    }

    void answer_with(answer how, peer_to_peer::request asked) {
        const chunk_index chunk = asked.chunk ? *asked.chunk : pick(asked.except);
        if (how == answer::refusal || chunk == chunk_index{}) {
            asked_.pop_front();
            return send(to_line(peer_to_peer::refuse{asked.chunk, "no"}));
        }
        given_.insert(chunk);
        send_chunk(how, chunk);
        asked_.front() = peer_to_peer::request{chunk, {}};
        if (begun_ == 0) asked_.pop_front();
    }

    chunk_index pick(const chunk_set& except) const {
        return (all_chunks - except - given_ - peer_has_).next({1}).value_or(chunk_index{});
    }

    // Whether there may be more to read.
    bool read() {
        if (content_) return read_content();
        const auto line = frames().next_line();
        require(line.has_value(), "the peer sends no line that is too long");
        if (!*line) return false;
        auto message = read_peer_to_peer(**line, chunk_count);
        require(message.has_value(), "what the peer says is a message");
        std::visit([this](auto& what) { take(what); }, *message);
        return true;
    }

    bool read_content() {
        std::array<std::byte, 4096> bytes{};
        while (content_left_ > 0) {
            const std::size_t most = std::min<std::size_t>(bytes.size(), content_left_);
            const std::size_t n = frames().take(std::span{bytes}.first(most));
            if (n == 0) return false;
            content_->append(reinterpret_cast<const char*>(bytes.data()), n);
            content_left_ -= n;
        }
        require(hash_of(std::as_bytes(std::span{*content_})) == right_, "what the peer sends is right");
        content_.reset();
        return true;
    }

    void take(const peer_to_peer::chunk_part& part) {
        const auto claim = at_.owned().find(part.chunk);
        require(claim != at_.owned().end(), "the peer sends what it has");
        require(part.total == claim->second.size && part.size == part.total, "so little comes in one part");
        await_content(part.size, claim->second.hash);
    }
    void take(const peer_to_peer::manifest_part& part) {
        const std::string& text = set_.published->text();
        require(part.total == text.size() && part.offset + part.size <= part.total,
                "a part of the manifest is one");
        const auto bytes = std::as_bytes(std::span{text}).subspan(part.offset, part.size);
        await_content(part.size, hash_of(bytes));
    }
    void take(const peer_to_peer::hello& what) { peer_has_ |= what.chunks; }
    void take(const peer_to_peer::have& what) { peer_has_ |= what.chunks; }
    void take(const peer_to_peer::request& what) { asked_.emplace_back(what); }
    void take(const peer_to_peer::get_manifest& what) { asked_.emplace_back(what); }
    void take(const peer_to_peer::cancel& what) {
        const auto is_it = [&what](const question& one) {
            const auto* request = std::get_if<peer_to_peer::request>(&one);
            return request && request->chunk == what.chunk;
        };
        const auto at = std::ranges::find_if(asked_, is_it);
        // What it has begun to send goes on: to stop in the middle would be another matter.
        if (at != asked_.end() && (at != asked_.begin() || begun_ == 0)) asked_.erase(at);
    }
    template <class Other>
    void take(const Other&) {}

    void await_content(byte_count size, const chunk_hash& right) {
        content_.emplace();
        content_left_ = size;
        right_ = right;
    }

    using question = std::variant<peer_to_peer::request, peer_to_peer::get_manifest>;

    const known_set& set_;
    const running_peer& at_;
    std::deque<question> asked_;
    chunk_set peer_has_;
    chunk_set given_;
    byte_count begun_ = 0;  // so much of the chunk that is being sent was
    std::optional<std::string> content_;
    byte_count content_left_ = 0;
    chunk_hash right_;
};

/// The same for what a peer says to its tracker.
class tracker : public fuzz::connection {
public:
    explicit tracker(fuzz::connection line) : connection(std::move(line)) {}

    bool receive() {
        return connection::receive([this] { read(); });
    }

    void welcome() { send(to_line(from_tracker::welcome{.peer = {1}, .silence_limit_ms = 30'000})); }

    void agree(const known_set& set, const std::array<std::uint16_t, 2>& ports) {
        from_tracker::announced standing{set.key, all_chunks, {}, {}, {}};
        from_tracker::locations where{set.key, {}, {}, {}, false};
        if (!set.published)
            for (const chunk_index chunk : all_chunks) where.chunks.push_back(set.claim(chunk));
        std::uint64_t number = 3;
        for (const std::uint16_t port : ports) {
            const std::string host = "127.0.0." + std::to_string(number);
            const chunk_set chunks = set.published ? chunk_set{} : all_chunks;
            where.holders.push_back({{number++}, "holder", host, port, chunks});
        }
        send(to_line(standing) + to_line(where));
    }

private:
    void read() {
        for (;;) {
            const auto line = frames().next_line();
            require(line.has_value(), "the peer sends its tracker no line that is too long");
            if (!*line) return;
            require(read_to_tracker(**line).has_value(), "what the peer says to its tracker is a message");
        }
    }
};

// --- what happens

class course {
public:
    explicit course(const setting& how)
        : how_(how), peer_(how, {"127.0.0.1", tracker_port_.port()}, {"127.0.0.3", holder_ports_[0].port()}) {
        peer_.run_until_idle();
    }

    void step(std::string_view line) {
        const bool goes_on = line.starts_with('+');
        if (goes_on) line.remove_prefix(1);
        if (!line.empty()) act(line.front(), line.substr(1));
        if (!goes_on) peer_.run_until_idle();
    }

    void end() {
        for (std::size_t n = 0; n < parties_.size(); ++n) end_all(parties_[n], [this, n] { look_for(n); });
        end_all(tracker_, [this] { look_for_tracker(); });
        peer_.run_until([this] { return !peer_.has_connections(); });
        require(!peer_.has_connections(), "a connection ends with its other side");
        if (can_be_completed()) complete();
    }

    const std::map<chunk_index, chunk_claim>& owned() const { return peer_.owned(); }

private:
    static constexpr std::size_t connecting = 3;  // of the parties, those who connect to the peer
    static constexpr std::size_t holders = 2;     // those whom it connects to
    static constexpr char tracker_digit = '0' + connecting + holders;

    void act(char what, std::string_view rest) {
        if (what >= '0' && what <= tracker_digit) return say(what - '0', with_ports(rest) + '\n');
        if (what >= 'A' && what <= 'A' + tracker_digit - '0') return say(what - 'A', rest);
        if (what == 'P' && peer_.running()) return peer_.running()->pause();
        if (what == 'Q' && peer_.running()) return peer_.running()->resume();
        if (what == 'S') return peer_.stop();
        if (rest.empty() || rest.front() < '0' || rest.front() > tracker_digit) return;
        if (what == 'L') return say(rest.front() - '0', std::string(max_line_length + 2, 'x'));
        if (rest.front() == tracker_digit) return act_as_tracker(what);
        act_as_party(what, static_cast<std::size_t>(rest.front() - '0'), rest.substr(1));
    }

    void say(int number, std::string_view bytes) {
        const auto which = static_cast<std::size_t>(number);
        if (which == parties_.size()) {
            look_for_tracker();
            if (tracker_) tracker_->send(bytes);
        } else if (party* one = at(which)) {
            one->send(bytes);
        }
    }

    void act_as_tracker(char what) {
        look_for_tracker();
        if (!tracker_) return;
        if (what == 'h') tracker_->welcome();
        if (what == 'H') tracker_->agree(how_.set(), {holder_ports_[0].port(), holder_ports_[1].port()});
        act_on_connection(what, tracker_);
    }

    void act_as_party(char what, std::size_t number, std::string_view rest) {
        party* const one = at(number);
        if (!one) return;
        one->receive();
        switch (what) {
            case 'h': one->say_hello(number + 1, {}); break;
            case 'H': one->say_hello(number + 1, all_chunks); break;
            case 'a': one->answer_with(party::answer::right); break;
            case 'w': one->answer_with(party::answer::wrong); break;
            case 'b': one->answer_with(party::answer::half); break;
            case 'n': one->answer_with(party::answer::refusal); break;
            case 'u':
                if (!rest.empty() && rest.front() > '0' && rest.front() <= '0' + char{chunk_count})
                    one->send_chunk(party::answer::right, {static_cast<std::uint32_t>(rest.front() - '0')});
                break;
            default: act_on_connection(what, parties_[number]); break;
        }
    }

    template <class Kind>
    static void act_on_connection(char what, std::optional<Kind>& which) {
        switch (what) {
            case 'r': which->receive(); break;
            case 's': which->shut_down_sending(); break;
            case 'x': which.reset(); break;
            case 'c':
                which->close();
                which.reset();
                break;
            default: break;
        }
    }

    std::string with_ports(std::string_view line) const {
        std::string text{line};
        for (std::size_t n = 0; n < holders; ++n) {
            const std::string name{'$', static_cast<char>('0' + connecting + n)};
            for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos;)
                text.replace(at, name.size(), std::to_string(holder_ports_[n].port()));
        }
        return text;
    }

    /// Connects where it is up to this side; nobody, where the peer has not, or takes nobody any more.
    party* at(std::size_t number) {
        if (number < connecting && !parties_[number] && peer_.accepts_connections()) {
            // Not all from one host; from the last one, more than is good for its neighbours.
            const auto host = static_cast<std::uint32_t>(INADDR_LOOPBACK + number / 2);
            parties_[number].emplace(fuzz::connection{peer_.port(), host}, how_.set(), peer_);
        }
        look_for(number);
        return parties_[number] ? &*parties_[number] : nullptr;
    }

    void look_for(std::size_t number) {
        if (number < connecting || parties_[number]) return;
        if (auto line = holder_ports_[number - connecting].accept())
            parties_[number].emplace(std::move(*line), how_.set(), peer_);
    }

    // One visits another tracker connection's place: whoever has closed makes room for it.
    void look_for_tracker() {
        if (tracker_ && !tracker_->receive()) tracker_.reset();
        if (tracker_) return;
        if (auto line = tracker_port_.accept()) tracker_.emplace(std::move(*line));
    }

    /// This one, and those that wait for its place.
    template <class Kind, class Next>
    void end_all(std::optional<Kind>& which, Next next) {
        for (next(); which; next()) {
            which->shut_down_sending();
            peer_.run_until([&which] { return !which->receive(); });
            require(!which->receive(), "a connection ends with its other side");
            which.reset();
        }
    }

    bool can_be_completed() const {
        session* const running = peer_.running();
        if (!running || !peer_.accepts_connections() || running->complete()) return false;
        return std::ranges::all_of(running->missing(), [&](chunk_index chunk) {
            return running->known().agreed(chunk) == how_.set().claim(chunk);
        });
    }

    void complete() {
        session& running = *peer_.running();
        running.resume();
        constexpr std::uint32_t elsewhere = INADDR_LOOPBACK + 8;  // the peer may shun the other hosts
        party honest{fuzz::connection{peer_.port(), elsewhere}, how_.set(), peer_};
        honest.say_hello(max_instance, all_chunks);
        peer_.run_until([&] {
            honest.receive();
            while (honest.answer_with(party::answer::right)) {
            }
            return running.complete();
        });
        require(running.complete(), "somebody honest gets the peer complete");
    }

    setting how_;
    std::array<fuzz::listener, holders> holder_ports_{fuzz::listener{INADDR_LOOPBACK + 2},
                                                      fuzz::listener{INADDR_LOOPBACK + 3}};
    fuzz::listener tracker_port_;
    running_peer peer_;
    std::array<std::optional<party>, connecting + holders> parties_;
    std::optional<tracker> tracker_;
};

// --- what is left

void check_chunks(const std::map<chunk_index, chunk_claim>& owned) {
    const auto listing = read_listing(folder());
    require(listing && listing->names.size() == owned.size(), "what is listed is what came");
    for (const auto& [chunk, name] : listing->names) {
        const std::string text = content_of(folder() / name);
        const chunk_claim stored{chunk, hash_of(std::as_bytes(std::span{text})), text.size()};
        require(stored == owned.at(chunk), "what is stored is right");
    }
    const auto files = std::distance(fs::directory_iterator{folder()}, fs::directory_iterator{});
    require(static_cast<std::size_t>(files) == owned.size() + 1, "nothing else is stored");
}

void check_files(bool is_whole) {
    std::size_t found = 0;
    for (fs::recursive_directory_iterator at{folder()}, end; at != end; ++at) {
        if (at->path().filename() == state_folder_name) at.disable_recursion_pending();
        if (!at->is_regular_file() || at->is_symlink()) continue;
        const auto right = published_files.find(at->path().lexically_relative(folder()).native());
        require(right != published_files.end(), "no file is there that was not published");
        require(content_of(at->path()) == right->second, "a file in its place is right");
        ++found;
    }
    require(!is_whole || found == published_files.size(), "all files are in their places");
}

setting read_setting(std::string_view& steps) {
    const auto begins = [&steps](std::string_view first_line) {
        if (!steps.starts_with(first_line)) return false;
        steps.remove_prefix(first_line.size());
        return true;
    };
    setting how;
    if (begins("set\n")) how.is = setting::form::set;
    if (begins("get\n")) how.is = setting::form::link;
    how.whole = begins("whole\n");
    how.tight = begins("tight\n");
    return how;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool silent = (start_logging("off"), true);
    if (!silent) return 0;
    std::string_view steps = fuzz::text_of(data, size);
    const setting how = read_setting(steps);
    how.write_folder();
    std::map<chunk_index, chunk_claim> owned;
    {
        course running{how};
        for (std::size_t n = 0; n < most_steps && !steps.empty(); ++n) {
            const auto [step, rest] = fuzz::cut_line(steps);
            running.step(step);
            steps = rest;
        }
        running.end();
        owned = running.owned();
    }
    if (how.is == setting::form::folder)
        check_chunks(owned);
    else
        check_files(owned.size() == chunk_count);
    return 0;
}
