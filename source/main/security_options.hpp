// Options of both programs: who may take part.
#pragma once

#include "main/security.hpp"

namespace CLI {
class App;
}

namespace p2p {

void add_security(CLI::App& app, security_options& options);

}  // namespace p2p
