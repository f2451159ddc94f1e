// soak: its options, and a line a minute about a swarm that never comes to rest.

#include "main/options.hpp"
#include "main/program.hpp"
#include "net/logging.hpp"
#include "net/process.hpp"
#include "round.hpp"

#include <fmt/format.h>

#include <exception>

namespace {

using namespace p2p;
using namespace p2p::soak;

enum exit_codes { right = 0, wrong = 1, usage_error = 2 };

struct soak_options {
    duration time = std::chrono::minutes{45};
    duration line_every = std::chrono::minutes{1};
    unsigned copies = 3;
    unsigned faulty = 50;
    std::uint64_t seed = 1;
};

double mebibytes(byte_count bytes) {
    return static_cast<double>(bytes) / (1 << 20U);
}

std::string show(const p2p::soak::usage& use) {
    return fmt::format("{:>6.1f} {:>4}", mebibytes(use.memory), use.descriptors);
}

void print_header() {
    fmt::print(
        "{:>6} {:>7} {:>8} {:>6} {:>6} {:>7} {:>6} {:>8} | {:>11} | {:>11} | {:>11} | {:>11} | {:>15}\n"
        "{:>6} {:>7} {:>8} {:>6} {:>6} {:>7} {:>6} {:>8} | {:>11} | {:>11} | {:>11} | {:>11} | {:>15}\n",
        "", "copies", "", "wrong", "peers", "peers", "said", "tracker", "tracker 1", "tracker 2", "sharer",
        "folders", "passers-by", "time", "right", "MiB", "chunks", "killed", "stopped", "again", "restarts",
        "MiB   fd", "MiB   fd", "MiB   fd", "MiB   fd", "n    MiB   fd");
}

void print_line(duration after, field& at, const offer& sharer, const offer& folders) {
    const ledger& sum = at.counts();
    const p2p::soak::usage passing = at.passers_by();
    fmt::print("{:>6} {:>7} {:>8.0f} {:>6} {:>6} {:>7} {:>6} {:>8} | {} | {} | {} | {} | {:>3} {}\n",
               show_duration(after), sum.copies.load(), mebibytes(sum.bytes), sum.wrong_chunks.load(),
               sum.killed.load(), sum.stopped.load(), sum.said_again.load(), sum.restarts.load(),
               show(at.first_tracker()), show(at.second_tracker()), show(sharer.use()), show(folders.use()),
               passing.programs, show(passing));
    std::fflush(stdout);
}

/// Copies of what stays, and of what is new each time, until it is over.
class swarms {
public:
    swarms(field& at, unsigned copies) : at_(at), copies_(copies) {
        sharer_->start();
        folders_->start();
        go_on([this] { copy_at_once(at_, *sharer_, copies_); });
        go_on([this] { copy_at_once(at_, *folders_, copies_); });
        go_on([this] { offer_and_copy(share_a_folder); });
        go_on([this] { offer_and_copy(keep_chunk_folders); });
    }
    swarms(const swarms&) = delete;
    swarms& operator=(const swarms&) = delete;
    ~swarms() { end(); }

    void end() {
        at_.end();
        for (std::thread& one : threads_) one.join();
        if (!threads_.empty()) {
            sharer_->stop();
            folders_->stop();
        }
        threads_.clear();
    }

    const offer& sharer() const { return *sharer_; }
    const offer& folders() const { return *folders_; }

private:
    void go_on(auto round) {
        threads_.emplace_back([this, round] {
            while (!at_.is_over()) {
                try {
                    round();
                } catch (const std::exception& failure) {
                    at_.counts().failed(failure.what());
                }
            }
        });
    }

    void offer_and_copy(auto make) {
        const std::unique_ptr<offer> fresh = make(at_, node::stay::passing);
        fresh->start();
        copy_at_once(at_, *fresh, copies_);
        fresh->stop();
    }

    field& at_;
    unsigned copies_;
    std::unique_ptr<offer> sharer_ = share_a_folder(at_, node::stay::resident);
    std::unique_ptr<offer> folders_ = keep_chunk_folders(at_, node::stay::resident);
    std::vector<std::thread> threads_;
};

int soak_with(const soak_options& options) {
    prepare_process();
    start_logging("off");
    const auto began = std::chrono::steady_clock::now();
    const auto elapsed = [began] { return std::chrono::steady_clock::now() - began; };
    field at(options.faulty, options.seed);
    swarms all(at, options.copies);
    print_header();
    while (elapsed() < options.time) {
        std::this_thread::sleep_for(std::min<duration>(options.line_every, options.time - elapsed()));
        print_line(elapsed(), at, all.sharer(), all.folders());
    }
    all.end();
    const std::vector<std::string> failures = at.counts().failures();
    for (const std::string& one : failures) write_message(fmt::format("soak: {}\n", one));
    fmt::print("{} copies, {:.0f} MiB, in {}; {} failures\n", at.counts().copies.load(),
               mebibytes(at.counts().bytes), show_duration(elapsed()), failures.size());
    return failures.empty() && at.counts().copies > 0 ? right : wrong;
}

}  // namespace

int main(int argc, char** argv) {
    soak_options options;
    CLI::App app{
        "Keeps a swarm of real programs going while peers come, go, are killed and started again, send wrong "
        "bytes and mean no good, a tracker is ended again and again, and the network between them fails. "
        "Compares every complete copy with the original, and prints a line a minute.",
        "soak"};
    add_duration(app, "--time", options.time, "How long")->default_str("45min");
    add_duration(app, "--line-every", options.line_every, "Between two lines")->default_str("1min");
    add_count(app, "--copies", options.copies, 1, 100, "Copies that are made at once, of each of four sets");
    add_count(app, "--faulty", options.faulty, 0, 99, "Of a hundred connections, those that fail somehow");
    app.add_option("--seed", options.seed, "Random choices follow from it")->capture_default_str();
    app.footer(
        "\"sharer\", \"folders\" and tracker 2 are the same programs from the beginning to the end; "
        "\"passers-by\" are all others. Memory is what is resident, and like descriptors (fd) that of the "
        "program that has most.\nExit codes: 0 nothing was wrong, 1 something was, 2 usage.");
    try {
        p2p::add_standard_options(app);
        app.parse(argc, argv);
        return soak_with(options);
    } catch (const CLI::ParseError& error) {
        return code_with_results(p2p::explain(app, error) ? right : usage_error);
    } catch (const std::exception& error) {
        write_message(fmt::format("soak: {}\n", error.what()));
        return wrong;
    }
}
