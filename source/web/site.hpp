// What there is to see of a program: answers to requests that only look.
#pragma once

#include "core/hosts/web_target.hpp"
#include "web/answer.hpp"
#include "web/metrics.hpp"

#include <string>

namespace p2p {

struct web_request {
    web_target target;
    std::string host;  ///< that the visitor asked for, without the port
};

class web_site {
public:
    web_site() = default;
    web_site(const web_site&) = delete;
    web_site& operator=(const web_site&) = delete;
    virtual ~web_site() = default;

    /// Beneath /api/v1. Answers of JSON are one line, without its end.
    virtual web_answer get(const web_request& request) = 0;

    /// Beside those that every program has.
    virtual metrics figures() = 0;
};

}  // namespace p2p
