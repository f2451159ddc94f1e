#include "storage/split_join.hpp"

#include "main/client/commands.hpp"
#include "main/client/common.hpp"
#include "main/client/output.hpp"

namespace p2p::client {

exit_code split(const split_settings& what) {
    const auto chunks = split_file(what.file, what.folder, what.chunk_size);
    if (!chunks) return say(exit_code::storage, chunks.error());
    tell(events::split{what.folder, *chunks, what.chunk_size});
    return exit_code::ok;
}

exit_code join(const split_settings& what) {
    const auto size = join_chunks(what.folder, what.file);
    if (!size) return say(exit_code::storage, size.error());
    tell(events::join{what.file, *size});
    return exit_code::ok;
}

}  // namespace p2p::client
