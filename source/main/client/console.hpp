// The commands of protocol/control_text.hpp, from a terminal or a pipe: read, carried out, answered on
// standard output.
#pragma once

#include "main/client/controls.hpp"
#include "net/event.hpp"
#include "net/line_editor.hpp"

#include <asio/posix/stream_descriptor.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace p2p::client {

class console {
public:
    /// Whether standard input is a terminal or a pipe: nothing else is read from. A terminal is not where
    /// this program runs in the background: it would be stopped for reading there.
    static bool has_input();

    console(asio::any_io_executor executor, controls& all);
    ~console();
    console(const console&) = delete;
    console& operator=(const console&) = delete;

    /// Until input ends or it is cancelled. On a terminal there is a prompt meanwhile.
    awaitable<void> run();

private:
    awaitable<void> edit_lines();
    awaitable<void> read_lines();
    void carry_out(const std::string& line);
    void note_names();

    asio::any_io_executor executor_;
    controls& all_;
    bool terminal_;
    event something_typed_;
    bool ended_ = false;
    std::mutex guard_;  // of the names, which the editor's thread looks at
    std::vector<std::string> names_;
    std::unique_ptr<line_editor> editor_;
};

}  // namespace p2p::client
