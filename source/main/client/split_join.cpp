#include "storage/split_join.hpp"

#include "main/client/command.hpp"

namespace p2p::client {

exit_code split(const command& told) {
    const auto chunks = split_file(told.file, told.folder, told.chunk_size);
    if (!chunks) return say(exit_code::storage, chunks.error());
    tell(events::split{told.folder, *chunks, told.chunk_size});
    return exit_code::ok;
}

exit_code join(const command& told) {
    const auto size = join_chunks(told.folder, told.file);
    if (!size) return say(exit_code::storage, size.error());
    tell(events::join{told.file, *size});
    return exit_code::ok;
}

}  // namespace p2p::client
