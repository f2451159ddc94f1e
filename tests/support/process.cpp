#include "support/process.hpp"

#include <doctest/doctest.h>

#include <iostream>

namespace p2p::test {

namespace {

// What the ended processes of the running test said.
std::string& told() {
    static std::string text;
    return text;
}

// Prints that where the test has failed.
struct tell_of_failures : doctest::IReporter {
    explicit tell_of_failures(const doctest::ContextOptions&) {}

    void test_case_start(const doctest::TestCaseData&) override { begin(); }
    void test_case_reenter(const doctest::TestCaseData&) override {
        end();
        begin();
    }
    void test_case_end(const doctest::CurrentTestCaseStats&) override { end(); }
    void test_case_exception(const doctest::TestCaseException&) override { failed_ = true; }
    void log_assert(const doctest::AssertData& what) override { failed_ |= what.m_failed; }
    void log_message(const doctest::MessageData& what) override {
        failed_ |= what.m_severity != doctest::assertType::is_warn;
    }

    void report_query(const doctest::QueryData&) override {}
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}

private:
    void begin() {
        told().clear();
        failed_ = false;
    }
    void end() const {
        if (failed_) std::cerr << told() << std::flush;
    }

    bool failed_ = false;
};
REGISTER_LISTENER("processes", 1, tell_of_failures);

}  // namespace

process::~process() {
    end();
    const std::string said = "--- " + name() + " said:\n" + output();
    told() += said;
    const bool unhealthy =
        said.find("Sanitizer") != std::string::npos || said.find("runtime error: ") != std::string::npos;
    if (unhealthy) FAIL_CHECK(said);
}

finished_process run(const std::string& program, std::vector<std::string> arguments,
                     const process_settings& how) {
    process running{program, std::move(arguments), how};
    const int code = running.wait_for_exit();
    return {code, running.output()};
}

}  // namespace p2p::test
