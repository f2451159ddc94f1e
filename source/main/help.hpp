// How --help looks, of every program: two columns, wrapped; the default behind what it is the default of.
#pragma once

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstddef>
#include <sstream>
#include <string>

namespace p2p {

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

}  // namespace p2p
