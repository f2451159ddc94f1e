#include "tracker/sqlite_state.hpp"

#include "core/set/manifest.hpp"
#include "net/on_pool.hpp"

#include <fmt/format.h>

#include <SQLiteCpp/SQLiteCpp.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <sqlite3.h>
#include <sstream>
#include <utility>

namespace p2p {

namespace {

// In the file's header, where file(1) and SQLite find them: "p2pt", and the format of the tables.
constexpr std::uint32_t application = 0x70327074;
constexpr std::uint32_t format = 1;

// SQLite finds out when its own structure is damaged. `sum` tells whether a row is what was written. What
// the same voters agreed on while the save before went on is one row: a row for each chunk costs more than
// all that the tracker does about it otherwise.
constexpr const char* tables = R"(
CREATE TABLE file_set (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL,
    count INTEGER NOT NULL,
    UNIQUE (name, count));
CREATE TABLE agreed (
    number   INTEGER PRIMARY KEY,
    file_set INTEGER NOT NULL REFERENCES file_set,
    chunks   TEXT NOT NULL,  -- a line each: index, size in bytes, XXH3-128
    votes    TEXT NOT NULL,  -- a line each: address, host, name
    sum      INTEGER NOT NULL);
CREATE INDEX agreed_in_set ON agreed (file_set);
CREATE TABLE published (
    number INTEGER PRIMARY KEY,
    id     BLOB NOT NULL UNIQUE,  -- SHA-256 of the manifest
    name   TEXT NOT NULL,
    size   INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    sum    INTEGER NOT NULL);
)";

/// Bytes 60 and 68 of the header, see "Database File Format" in SQLite's documentation.
struct file_header {
    std::uint32_t format = 0;
    std::uint32_t application = 0;
    bool is_sqlite = false;
};

// None: the file is not there, or empty. SQLite would repair some files, or move their logs into them, before
// it says whose they are: so it is not asked.
std::optional<file_header> header_of(const std::filesystem::path& file) {
    std::array<char, 100> bytes{};
    std::ifstream in(file, std::ios::binary);
    if (!in && std::filesystem::exists(file))
        throw state_failure(fmt::format("cannot read {}: {}", file.native(), std::strerror(errno)));
    in.read(bytes.data(), bytes.size());
    if (!in && in.gcount() == 0) return std::nullopt;
    const auto number = [&bytes](std::size_t at) {
        std::uint32_t value = 0;
        for (std::size_t i = at; i < at + 4; ++i) value = value << 8U | static_cast<std::uint8_t>(bytes[i]);
        return value;
    };
    constexpr std::string_view magic{"SQLite format 3", 16};
    return file_header{number(60), number(68), std::string_view{bytes.data(), magic.size()} == magic};
}

template <class... Parts>
std::int64_t sum_of(const Parts&... parts) {
    std::string all;
    const auto add = [&all](const auto& part) {
        if constexpr (std::is_same_v<std::decay_t<decltype(part)>, std::string>)
            all += part;
        else
            all.append(reinterpret_cast<const char*>(&part), sizeof part);
    };
    (add(parts), ...);
    const chunk_hash sum = hash_of(std::as_bytes(std::span{all}));
    std::int64_t first = 0;
    std::memcpy(&first, sum.bytes.data(), sizeof first);
    return first;
}

std::int64_t sum_of(const set_summary& set) {
    return sum_of(set.id.bytes, set.name, set.size, set.count);
}

void add_line(std::string& to, const chunk_claim& one) {
    fmt::format_to(std::back_inserter(to), "{} {} {}\n", one.chunk.value, one.size, one.hash.to_hex());
}

// What is not such a line ends it.
std::vector<chunk_claim> claims_in(const std::string& lines) {
    std::istringstream in{lines};
    std::vector<chunk_claim> claims;
    chunk_claim one;
    std::string hash;
    while (in >> one.chunk.value >> one.size >> hash) {
        const auto right = chunk_hash::from_hex(hash);
        if (!right) break;
        one.hash = *right;
        claims.push_back(one);
    }
    return claims;
}

std::string lines_of(const std::vector<voter>& voters) {
    std::string lines;
    for (const voter& one : voters)
        fmt::format_to(std::back_inserter(lines), "{} {} {}\n", one.address.to_string(), one.site, one.name);
    return lines;
}

template <class Bytes>
Bytes bytes_in(const SQLite::Column& column) {
    Bytes bytes{};
    if (column.getBytes() != static_cast<int>(bytes.size())) throw state_failure("a hash is too short");
    std::memcpy(bytes.data(), column.getBlob(), bytes.size());
    return bytes;
}

template <std::size_t N>
void bind(SQLite::Statement& to, int place, const std::array<std::uint8_t, N>& bytes) {
    to.bindNoCopy(place, bytes.data(), static_cast<int>(N));
}

void run(SQLite::Statement& one) {
    one.exec();
    one.reset();
}

std::string what_is_wrong(const SQLite::Exception& error) {
    switch (error.getErrorCode()) {
        case SQLITE_BUSY: return "another tracker uses it";
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return std::string{"it is damaged ("} + error.what() + ")";
        default: return error.what();
    }
}

/// The open file. Not for two threads at a time.
class database {
public:
    explicit database(const std::filesystem::path& file)
        : sqlite_(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE) {
        sqlite_.exec("PRAGMA locking_mode = EXCLUSIVE");
        if (!sqlite_.tableExists("agreed")) make_tables();
        // After this no other process can use it, and a save is in the log when it returns.
        sqlite_.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; COMMIT");
        check();
        prepare();
    }

    void load(const state_reader& to) {
        SQLite::Statement sets(sqlite_, "SELECT id, name, count FROM file_set ORDER BY id");
        SQLite::Statement rows(sqlite_, "SELECT chunks, votes, sum FROM agreed WHERE file_set = ?");
        std::vector<chunk_claim> agreed;
        std::int64_t of_no_set = sqlite_.execAndGet("SELECT count(*) FROM agreed").getInt64();
        while (sets.executeStep()) {
            const file_set_key set{sets.getColumn(1).getString(), sets.getColumn(2).getUInt(), {}};
            rows.bind(1, sets.getColumn(0).getInt64());
            agreed.clear();
            while (rows.executeStep()) {
                const std::string chunks = rows.getColumn(0).getString();
                must_be(rows.getColumn(2).getInt64() ==
                        sum_of(set.name, set.count, chunks, rows.getColumn(1).getString()));
                const std::vector<chunk_claim> more = claims_in(chunks);
                agreed.insert(agreed.end(), more.begin(), more.end());
                --of_no_set;
            }
            rows.reset();
            std::ranges::sort(agreed, {}, &chunk_claim::chunk);
            to.agreed(set, agreed);
        }
        must_be(of_no_set == 0);
        SQLite::Statement published(sqlite_,
                                    "SELECT id, name, size, count, sum FROM published ORDER BY number");
        while (published.executeStep()) {
            const set_summary set{{bytes_in<decltype(file_set_id::bytes)>(published.getColumn(0))},
                                  published.getColumn(1).getString(),
                                  static_cast<byte_count>(published.getColumn(2).getInt64()),
                                  published.getColumn(3).getUInt()};
            must_be(published.getColumn(4).getInt64() == sum_of(set));
            to.published(set);
        }
    }

    void save(const std::vector<state_change>& changes) {
        SQLite::Transaction all(sqlite_);
        for (const state_change& one : changes) std::visit([this](const auto& what) { save(what); }, one);
        save_gathered();
        all.commit();
    }

private:
    // In one step: whoever is killed in it leaves an empty file.
    void make_tables() {
        SQLite::Transaction all(sqlite_);
        sqlite_.exec(
            fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application, format));
        sqlite_.exec(tables);
        all.commit();
    }

    void check() {
        SQLite::Statement check(sqlite_, "PRAGMA quick_check(1)");
        check.executeStep();
        const std::string found = check.getColumn(0).getString();
        if (found != "ok") throw state_failure(fmt::format("it is damaged ({})", found));
    }

    static void must_be(bool right) {
        if (!right) throw state_failure("it is damaged (what is in it is not what was written)");
    }

    void prepare() {
        const auto make = [this](std::optional<SQLite::Statement>& one, const char* text) {
            one.emplace(sqlite_, text);
        };
        make(find_set_, "SELECT id FROM file_set WHERE name = ? AND count = ?");
        make(add_set_, "INSERT INTO file_set (name, count) VALUES (?, ?)");
        make(add_agreed_, "INSERT INTO agreed (file_set, chunks, votes, sum) VALUES (?, ?, ?, ?)");
        make(add_published_,
             "INSERT INTO published (id, name, size, count, sum) VALUES (?, ?, ?, ?, ?) "
             "ON CONFLICT (id) DO UPDATE SET "
             "name = excluded.name, size = excluded.size, count = excluded.count, sum = excluded.sum");
        make(remove_agreed_, "DELETE FROM agreed WHERE file_set = ?");
        make(remove_set_, "DELETE FROM file_set WHERE id = ?");
        make(remove_published_, "DELETE FROM published WHERE id = ?");
    }

    void save(const agreement& one) { add_line(gathered_[one.set][lines_of(one.voters)], one.agreed); }

    void save_gathered() {
        for (const auto& [set, by_votes] : gathered_) {
            for (const auto& [votes, chunks] : by_votes) {
                add_agreed_->bind(1, number_of(set));
                add_agreed_->bindNoCopy(2, chunks);
                add_agreed_->bindNoCopy(3, votes);
                add_agreed_->bind(4, sum_of(set.name, set.count, chunks, votes));
                run(*add_agreed_);
            }
        }
        gathered_.clear();
    }

    void save(const set_summary& set) {
        bind(*add_published_, 1, set.id.bytes);
        add_published_->bindNoCopy(2, set.name);
        add_published_->bind(3, static_cast<std::int64_t>(set.size));
        add_published_->bind(4, set.count);
        add_published_->bind(5, sum_of(set));
        run(*add_published_);
    }

    void save(const forgotten_set& one) {
        save_gathered();
        if (one.set.is_published()) {
            bind(*remove_published_, 1, one.set.id->bytes);
            return run(*remove_published_);
        }
        const std::int64_t number = number_of(one.set);
        for (auto* const statement : {&remove_agreed_, &remove_set_}) {
            (*statement)->bind(1, number);
            run(**statement);
        }
        last_.reset();
    }

    // Most agreements are about the same set as the one before.
    std::int64_t number_of(const file_set_key& set) {
        if (last_ && last_->first == set) return last_->second;
        last_.emplace(set, find(set).value_or(0));
        if (last_->second == 0) {
            add_set_->bindNoCopy(1, set.name);
            add_set_->bind(2, set.count);
            run(*add_set_);
            last_->second = sqlite_.getLastInsertRowid();
        }
        return last_->second;
    }

    std::optional<std::int64_t> find(const file_set_key& set) {
        find_set_->bindNoCopy(1, set.name);
        find_set_->bind(2, set.count);
        std::optional<std::int64_t> found;
        if (find_set_->executeStep()) found = find_set_->getColumn(0).getInt64();
        find_set_->reset();
        return found;
    }

    SQLite::Database sqlite_;
    std::optional<SQLite::Statement> find_set_, add_set_, add_agreed_, add_published_, remove_agreed_,
        remove_set_, remove_published_;
    std::optional<std::pair<file_set_key, std::int64_t>> last_;
    // Chunks by those who voted for them.
    std::map<file_set_key, std::map<std::string, std::string>> gathered_;
};

class sqlite_state final : public state_store {
public:
    sqlite_state(std::filesystem::path file, asio::thread_pool& pool) : file_(std::move(file)), pool_(pool) {
        explained([this] { open(); });
    }

    awaitable<void> load(state_reader to) override {
        auto job = [this, &to] { explained([&] { opened_->load(to); }); };
        co_await on_pool(pool_, std::ref(job));
    }

    awaitable<void> save(std::vector<state_change> changes) override {
        auto job = [this, &changes] { explained([&] { opened_->save(changes); }); };
        co_await on_pool(pool_, std::ref(job));
    }

private:
    void open() {
        const auto header = header_of(file_);
        if (header && (!header->is_sqlite || header->application != application))
            throw state_failure("it is something else, no state of a tracker");
        if (header && header->format > format)
            throw state_failure(
                fmt::format("it was written by a later version of p2ptracker (format {}, this one knows {})",
                            header->format, format));
        opened_.emplace(file_);
    }

    template <class Work>
    void explained(Work work) {
        try {
            work();
        } catch (const SQLite::Exception& error) {
            fail(what_is_wrong(error));
        } catch (const state_failure& failure) {
            fail(failure.what());
        }
    }

    [[noreturn]] void fail(const std::string& why) const {
        throw state_failure(fmt::format("cannot use the state in {}: {}", file_.native(), why));
    }

    std::filesystem::path file_;
    asio::thread_pool& pool_;
    std::optional<database> opened_;
};

}  // namespace

std::unique_ptr<state_store> open_sqlite_state(const std::filesystem::path& file, asio::thread_pool& pool) {
    return std::make_unique<sqlite_state>(file, pool);
}

}  // namespace p2p
