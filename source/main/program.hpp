// What the options of every program have in common: --version, a configuration file and the environment, and
// one line where they are wrong.
#pragma once

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace p2p {

/// What every program has: --version, and how --help looks. To be called when all options are there.
void add_standard_options(CLI::App& app);

/// Options that the command line does not have may come from a file (--config) and, where that does not have
/// them either, from variables of the environment: those of the command that is named. To be called when all
/// options are there.
void add_configuration(CLI::App& app);

/// Prints what was asked for (--help, --version), and returns true; or says on stderr, in one line, what is
/// wrong.
bool explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace p2p
