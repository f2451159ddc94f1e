// What a command has to say to whoever started it, on standard output: as text, or a line of JSON for each
// event.
#pragma once

#include "protocol/events.hpp"

namespace p2p::client {

enum class output_format { text, json };

/// From now on. There is one standard output for the whole program.
void print_as(output_format format);
output_format printed_as();

/// As text, only results are told: the log is about the rest.
void tell(const events::event& what);

}  // namespace p2p::client
