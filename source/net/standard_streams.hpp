// Standard input, output and error, whatever they are: a terminal that is gone, a disk that is full, a pipe
// that nobody reads, or nothing at all. What is said there ends no program.
#pragma once

#include <string_view>

namespace p2p {

/// Of these three, those that were closed when the program was started lead nowhere from now on: otherwise
/// the first sockets and files would become them. To be called before anything is opened.
void hold_standard_streams();

/// On standard error. What cannot be said there is not said.
void write_message(std::string_view text);

/// On standard output: what was asked for. Once it cannot be written, a line on standard error says so.
void write_result(std::string_view text);

/// Whether some of that could not be written.
bool is_result_lost();

/// What a program ends with whose work ended with `code`: 1 where all went well but what was asked for.
int code_with_results(int code);

}  // namespace p2p
