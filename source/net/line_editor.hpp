// A line that somebody types at the bottom of the terminal, with history, completion and the usual keys
// (libedit, which reads the user's ~/.editrc), while other lines appear above it without tearing it.
//
// It has a thread of its own: libedit waits for the rest of a key that sends several characters, and nothing
// else may wait for that. The thread owns the terminal; all that is to be shown is handed to it.
#pragma once

#include "net/asio.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

class line_editor {
public:
    struct settings {
        std::string prompt;
        /// What the last word of the text can be, as whole words. Called on the editor's thread.
        std::function<std::vector<std::string>(std::string_view)> complete;
        std::function<void(std::string)> on_line;  ///< on the executor, as on_end
        std::function<void()> on_end;              ///< the terminal is gone, or control-D was typed
    };

    /// Whether this program was built with one.
    static bool is_there();

    line_editor(asio::any_io_executor executor, settings how);
    ~line_editor();  ///< the terminal is as it was
    line_editor(const line_editor&) = delete;
    line_editor& operator=(const line_editor&) = delete;

    /// Whole lines, above the one that is being typed.
    void print(std::string_view text);
    /// Stands between those and the one that is being typed; the last one counts. Empty: there is none.
    void show_status(std::string line);

private:
    struct inside;
    std::shared_ptr<inside> inside_;
};

}  // namespace p2p
