// The state of a tracker in a file of SQLite, for one tracker at a time. It is read and written on the pool.
//
// What was saved survives the end of the process at any moment (write-ahead log); when the whole machine
// fails, the last moments before may be missing, and the rest is whole.
#pragma once

#include "tracker/state_store.hpp"

#include <filesystem>
#include <memory>

namespace p2p {

/// Opens the file, or makes it where there is none. One that is damaged, is no tracker's state, was written
/// by a later version or is in use is left as it is: throws state_failure. The pool outlives the store.
std::unique_ptr<state_store> open_sqlite_state(const std::filesystem::path& file, asio::thread_pool& pool);

}  // namespace p2p
