#include "main/program.hpp"

#include "core/base/suggestion.hpp"
#include "core/base/utf8.hpp"
#include "core/set/link.hpp"
#include "net/standard_streams.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

namespace {

/// How --help looks, of every program: two columns, wrapped; the default behind what it is the default of.
class help_formatter : public CLI::Formatter {
public:
    std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
        std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
        for (auto at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n", at))
            text.erase(at, 1);
        return text;
    }

    std::string make_description(const CLI::App* app) const override {
        return wrapped(app->get_description(), 0, 0) + "\n";
    }

    std::string make_option(const CLI::Option* option, bool is_positional) const override {
        std::string left = make_option_name(option, is_positional);
        if (option->get_type_size() != 0 && !is_positional) left += " " + option->get_type_name();
        std::string right = option->get_description();
        if (!option->get_default_str().empty())
            right += fmt::format(" [default: {}]", option->get_default_str());
        if (option->get_expected_max() > 1 && right.find("repeated") == std::string::npos)
            right += " (one or more)";
        return row(left, right);
    }

    std::string make_subcommand(const CLI::App* command) const override {
        return row(command->get_display_name(true), command->get_description());
    }

private:
    static constexpr std::size_t columns = 100;
    static constexpr std::size_t of_left = 30;

    static std::string row(const std::string& left, const std::string& right) {
        std::string text = "  " + left;
        if (text.size() + 2 > of_left) text += "\n";
        const auto begun = text.back() == '\n' ? 0 : text.size();
        return text + wrapped(right, begun, of_left) + "\n";
    }

    /// `begun` columns of the first line are taken.
    static std::string wrapped(const std::string& words, std::size_t begun, std::size_t indent) {
        std::string text(indent > begun ? indent - begun : 0, ' ');
        std::size_t column = indent;
        std::istringstream in{words};
        for (std::string word; in >> word;) {
            if (column > indent && column + 1 + word.size() > columns) {
                text += "\n" + std::string(indent, ' ');
                column = indent;
            }
            if (column > indent) text += " ", ++column;
            text += word;
            column += word.size();
        }
        return text;
    }
};

/// "--limit-up" of p2pclient: "P2PCLIENT_LIMIT_UP".
std::string variable_of(const std::string& program, const std::string& option) {
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

named_command chosen_command(const CLI::App& app) {
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
std::string why_no_configuration(const std::string& text) {
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
void use_variables(CLI::App& command, const std::string& program, bool use) {
    for (CLI::Option* const option : command.get_options())
        if (!option->get_lnames().empty() && option->get_configurable())
            option->envname(use ? variable_of(program, option->get_lnames().front()) : "");
}

/// What is wrong with a word that no command knows.
std::string why_unexpected(const CLI::App& app, const named_command& at, const std::string& word) {
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

}  // namespace

void add_standard_options(CLI::App& app) {
    const auto looks = std::make_shared<help_formatter>();
    app.formatter(looks);
    for (CLI::App* const command : app.get_subcommands({})) command->formatter(looks);
    app.set_version_flag("--version", fmt::format("{} {}", app.get_name(), P2P_VERSION),
                         "Print it, and do nothing else");
}

void add_configuration(CLI::App& app) {
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

bool explain(const CLI::App& app, const CLI::ParseError& error) {
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
