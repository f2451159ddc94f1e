// What the options of every program have in common: --version, a configuration file and the environment, and
// one line where they are wrong.
#pragma once

#include "core/base/suggestion.hpp"
#include "core/base/units.hpp"
#include "core/set/link.hpp"
#include "main/help.hpp"
#include "net/standard_streams.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string>
#include <vector>

namespace p2p {

/// What every program has: --version, and how --help looks. To be called when all options are there.
inline void add_standard_options(CLI::App& app) {
    const auto looks = std::make_shared<help_formatter>();
    app.formatter(looks);
    for (CLI::App* const command : app.get_subcommands({})) command->formatter(looks);
    app.set_version_flag("--version", fmt::format("{} {}", app.get_name(), P2P_VERSION),
                         "Print it, and do nothing else");
}

/// "--limit-up" of p2pclient: "P2PCLIENT_LIMIT_UP".
inline std::string variable_of(const std::string& program, const std::string& option) {
    std::string name = program + "_" + option;
    for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

/// The command that was named, with the names of those that it is part of: "p2pclient get".
struct named_command {
    const CLI::App* app = nullptr;
    std::string name{};
    std::vector<std::string> tables{};  ///< of a configuration file: "get"
};

inline named_command chosen_command(const CLI::App& app) {
    named_command chosen{&app, app.get_name(), {}};
    while (!chosen.app->get_subcommands().empty()) {
        chosen.app = chosen.app->get_subcommands().front();
        chosen.name += " " + chosen.app->get_name();
        chosen.tables.push_back(chosen.app->get_name());
    }
    return chosen;
}

/// What is wrong with the first line of a configuration file that is neither a table nor NAME = VALUE: CLI11
/// takes such lines for flags, or skips them. Empty where there is none.
inline std::string why_no_configuration(const std::string& text) {
    std::istringstream lines{text};
    bool in_list = false;
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        CLI::detail::trim(line);
        if (line.empty() || line.front() == '#' || line.front() == ';') continue;
        const bool is_table = line.size() > 2 && line.front() == '[' && line.back() == ']';
        const std::size_t equals = line.find('=');
        const bool has_value = equals != std::string::npos && equals > 0;
        if (!in_list && !is_table && !has_value)
            return fmt::format("line {}: \"{}\" is neither [TABLE] nor NAME = VALUE", number,
                               printable(line, 40));
        if (!in_list && has_value) {
            line = CLI::detail::trim_copy(line.substr(equals + 1));
            line = CLI::detail::trim_copy(line.substr(0, line.find('#')));
            in_list = line.starts_with('[');
        }
        in_list = in_list && !line.ends_with(']');
    }
    return {};
}

/// Of a configuration file, only what is about the command that was named counts.
class file_for_command : public CLI::ConfigTOML {
public:
    explicit file_for_command(const CLI::App& app) : app_(app) {}

    std::vector<CLI::ConfigItem> from_config(std::istream& in) const override {
        std::ostringstream read;
        read << in.rdbuf();
        const std::string text = read.str();
        if (const std::string why = why_no_configuration(text); !why.empty())
            throw CLI::ConfigError(fmt::format("{}, {}", app_.get_config_ptr()->as<std::string>(), why));
        std::istringstream again{text};
        std::vector<CLI::ConfigItem> all = CLI::ConfigTOML::from_config(again);
        const std::vector<std::string> tables = chosen_command(app_).tables;
        std::erase_if(all, [&tables](const CLI::ConfigItem& one) { return one.parents != tables; });
        return all;
    }

private:
    const CLI::App& app_;
};

/// From now on, or no more, options that were not given come from variables.
inline void use_variables(CLI::App& command, const std::string& program, bool use) {
    for (CLI::Option* const option : command.get_options())
        if (!option->get_lnames().empty() && option->get_configurable())
            option->envname(use ? variable_of(program, option->get_lnames().front()) : "");
}

/// Options that the command line does not have may come from a file (--config) and, where that does not have
/// them either, from variables of the environment: those of the command that is named. To be called when all
/// options are there.
inline void add_configuration(CLI::App& app) {
    use_variables(app, app.get_name(), true);
    for (CLI::App* const command : app.get_subcommands({})) {
        command->preparse_callback([&app, command](std::size_t) {
            use_variables(app, app.get_name(), false);
            use_variables(*command, app.get_name(), true);
        });
    }
    app.allow_config_extras(CLI::config_extras_mode::error);
    app.config_formatter(std::make_shared<file_for_command>(app));
    app.set_config("--config", "",
                   "Options that are not given come from this file (TOML), a table for each command")
        ->type_name("FILE");
}

/// What is wrong with a word that no command knows.
inline std::string why_unexpected(const CLI::App& app, const named_command& at, const std::string& word) {
    const CLI::App& command = *at.app;
    if (app.get_config_ptr() != nullptr && app.get_config_ptr()->check_name(word))
        return fmt::format("{} goes before the command", word);
    std::vector<std::string> known;
    std::string kind = "word";
    if (word.starts_with("-")) {
        kind = "option";
        for (const CLI::Option* option : command.get_options())
            for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    } else if (const auto commands = command.get_subcommands([](const CLI::App*) { return true; });
               !commands.empty()) {
        kind = "command";
        for (const CLI::App* one : commands) known.push_back(one->get_name());
    } else {
        return fmt::format("{} is one word too many", word);
    }
    const auto meant = suggestion_for(word.substr(0, word.find('=')), known);
    return fmt::format("there is no {} {}{}", kind, word,
                       meant ? fmt::format(", did you mean {}?", *meant) : "");
}

/// Prints what was asked for (--help, --version), and returns true; or says on stderr, in one line, what is
/// wrong.
inline bool explain(const CLI::App& app, const CLI::ParseError& error) {
    std::ostringstream asked_for;
    std::ostringstream unused;
    if (app.exit(error, asked_for, unused) == 0) {
        write_result(asked_for.str());
        return true;
    }
    const named_command at = chosen_command(app);
    const std::vector<std::string> unknown = app.remaining(true);
    const bool is_unexpected = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !unknown.empty();
    std::string why = is_unexpected ? why_unexpected(app, at, unknown.front()) : std::string{error.what()};
    if (error.get_name() == "ConfigError") {
        constexpr std::string_view before =
            "INI was not able to parse ";  // the name of what it does not know
        if (why.starts_with(before)) why.replace(0, before.size(), "there is no option ");
        why.insert(0, "--config: ");
    }
    write_message(hide_keys(fmt::format("{}: {} (see {} --help)\n", app.get_name(), why, at.name)));
    return false;
}

}  // namespace p2p
