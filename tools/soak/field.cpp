#include "field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

namespace p2p::soak {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t transfer_port = 7000;  // of every peer: each has a host of its own

// How long the first tracker is there, and away, at most.
constexpr milliseconds there = seconds{90};
constexpr milliseconds away = seconds{8};

// Longer than a peer lets what is on its way arrive, and says goodbye.
constexpr milliseconds until_ended = seconds{30};

// About so many bytes pass through a connection before it fails.
constexpr byte_count clean_bytes = 1'000'000;

// So that faults are found out soon.
const words impatient{"--silence-limit", "5s", "--hello-limit", "2s", "--stall-after", "2s"};

constexpr std::string_view wrong_chunk = "with wrong content";

std::uint16_t port_said_by(child_process& tracker) {
    return static_cast<std::uint16_t>(std::stoul(tracker.wait_for_rest_of_line("listens on 127.0.0.1:")));
}

std::unique_ptr<child_process> start_tracker(const std::filesystem::path& state, std::uint16_t port) {
    const words arguments{"--listen",         "127.0.0.1:" + std::to_string(port),
                          "--state",          state,
                          "--forget-after",   "2min",
                          "--one-vote-per",   "host",
                          "--allow-advertise"};
    return std::make_unique<child_process>(built_beside("p2ptracker"), arguments);
}

}  // namespace

milliseconds any_time_within(milliseconds most, dice& random) {
    return milliseconds{std::uniform_int_distribution<milliseconds::rep>{0, most.count()}(random)};
}

void usage::count(const child_process& program) {
    try {
        const byte_count memory_now = program.resident_memory();
        const std::size_t descriptors_now = program.open_descriptors();
        ++programs;
        memory = std::max(memory, memory_now);
        descriptors = std::max(descriptors, descriptors_now);
    } catch (const std::runtime_error&) {  // it ends just now
    }
}

// --- the field

field::field(unsigned faulty_percent, std::uint64_t seed) : faulty_percent_(faulty_percent), seed_(seed) {
    first_ = start_tracker(files_ / "first.db", 0);
    second_ = start_tracker(files_ / "second.db", 0);
    first_at_ = {"127.0.0.1", port_said_by(*first_)};
    second_at_ = {"127.0.0.1", port_said_by(*second_)};
    to_first_ = before(first_at_, {"127.0.0.2", 0});
    to_second_ = before(second_at_, {"127.0.0.2", 0});
    restarts_ = std::thread{[this] { restart_first_tracker(); }};
}

field::~field() {
    end();
    restarts_.join();
}

void field::end() {
    const std::lock_guard lock{mutex_};
    over_ = true;
    ending_.notify_all();
}

std::string field::host(unsigned first, unsigned number) {
    constexpr unsigned hosts_in_last_byte = 250;
    return fmt::format("127.{}.{}.{}", first, number / hosts_in_last_byte, number % hosts_in_last_byte + 1);
}

std::unique_ptr<faulty_proxy> field::before(const endpoint& target, const endpoint& listen) const {
    proxy_options how;
    how.listen = listen;
    how.target = target;
    how.clean_bytes = clean_bytes;
    how.seed = seed_ + hosts_;
    how.faults.clear();
    // The kinds of faults are equally likely.
    for (const fault what : all_faults) {
        const std::size_t weight = what == fault::none ? 8 * (100 - faulty_percent_) : faulty_percent_;
        how.faults.insert(how.faults.end(), weight, what);
    }
    return std::make_unique<faulty_proxy>(how);
}

words field::trackers() const {
    return {"--tracker", to_first_->address().to_string(), "--tracker", to_second_->address().to_string()};
}

void field::add(const node& one) {
    const std::lock_guard lock{mutex_};
    nodes_.insert(&one);
}

void field::remove(const node& one) {
    const std::lock_guard lock{mutex_};
    nodes_.erase(&one);
}

usage field::first_tracker() const {
    const std::lock_guard lock{mutex_};
    usage all;
    if (first_) all.count(*first_);
    return all;
}

usage field::second_tracker() const {
    usage all;
    all.count(*second_);
    return all;
}

usage field::passers_by() const {
    const std::lock_guard lock{mutex_};
    usage all;
    for (const node* one : nodes_) {
        const usage its = one->use();
        all.programs += its.programs;
        all.memory = std::max(all.memory, its.memory);
        all.descriptors = std::max(all.descriptors, its.descriptors);
    }
    return all;
}

void field::restart_first_tracker() {
    dice random{seed_};
    const auto ends_before = [this](std::unique_lock<std::mutex>& lock, milliseconds time) {
        return ending_.wait_for(lock, time, [this] { return over_.load(); });
    };
    std::unique_lock lock{mutex_};
    while (!ends_before(lock, any_time_within(there, random))) {
        if (random() % 2 == 0) {
            first_->kill_hard();
        } else {
            first_->signal(SIGTERM);
            if (const int code = first_->wait_for_exit(); code != 0)
                counts_.failed(fmt::format("a tracker that was asked to stop ended with {}:\n{}", code,
                                           first_->output()));
        }
        first_.reset();
        ends_before(lock, any_time_within(away, random));
        first_ = start_tracker(files_ / "first.db", first_at_.port);
        try {
            (void)port_said_by(*first_);
            ++counts_.restarts;
        } catch (const std::runtime_error& failure) {
            counts_.failed(fmt::format("{}:\n{}", failure.what(), first_->output()));
            return;
        }
    }
}

// --- nodes

node::node(field& at, words arguments, dice& random, stay how_long)
    : at_(at), how_long_(how_long), arguments_(std::move(arguments)) {
    const unsigned number = at_.new_host();
    const endpoint here{field::host(1, number), transfer_port};
    std::string seen_at = here.host;
    if (random() % 2 == 0) {
        seen_at = field::host(2, number);
        way_ = at_.before(here, {seen_at, transfer_port});
    }
    const words where{"--listen", here.host,         "--advertise",
                      seen_at,    "--transfer-port", std::to_string(transfer_port)};
    for (const words& more : {where, at_.trackers(), impatient})
        arguments_.insert(arguments_.end(), more.begin(), more.end());
    if (how_long_ == stay::passing) at_.add(*this);
}

node::~node() {
    if (how_long_ == stay::passing) at_.remove(*this);
}

void node::start() {
    const std::lock_guard lock{mutex_};
    program_ = std::make_unique<child_process>(built_beside("p2pclient"), arguments_);
}

void node::kill() {
    program_->kill_hard();
    ++at_.counts().killed;
    count_wrong_chunks();
}

int node::stop() {
    program_->signal(SIGTERM);
    if (!program_->ends_within(until_ended))
        throw std::runtime_error("a peer that was asked to stop does not:\n" + last_words());
    const int code = program_->wait_for_exit();
    count_wrong_chunks();
    return code;
}

void node::count_wrong_chunks() {
    const std::string said = program_->output();
    for (std::size_t at = said.find(wrong_chunk); at != std::string::npos;
         at = said.find(wrong_chunk, at + 1))
        ++at_.counts().wrong_chunks;
}

usage node::use() const {
    const std::lock_guard lock{mutex_};
    usage its;
    if (program_) its.count(*program_);
    return its;
}

std::string node::last_words() const {
    constexpr std::size_t enough = 4000;
    const std::string said = program_->output();
    return said.size() <= enough ? said : "..." + said.substr(said.size() - enough);
}

}  // namespace p2p::soak
