#include "web/metrics.hpp"

#include "net/process.hpp"

#include <prometheus/text_serializer.h>
#include <utility>

namespace p2p {

metrics& metrics::gauge(std::string name, std::string help, double value) {
    families_.push_back({std::move(name), std::move(help), false, {}, {{{}, value}}});
    return *this;
}

metrics& metrics::counter(std::string name, std::string help, double value) {
    families_.push_back({std::move(name), std::move(help), true, {}, {{{}, value}}});
    return *this;
}

metrics& metrics::counters(std::string name, std::string help, std::string label,
                           std::vector<labelled> values) {
    families_.push_back({std::move(name), std::move(help), true, std::move(label), std::move(values)});
    return *this;
}

metrics& metrics::version(std::string version) {
    families_.push_back(
        {"p2p_build_info", "The version that runs", false, "version", {{std::move(version), 1}}});
    return *this;
}

metrics& metrics::usual(const web_traffic& traffic) {
    const process_figures self = figures_of_this_process();
    counter("process_cpu_seconds_total", "Processor time, of all threads", self.cpu_seconds);
    gauge("process_resident_memory_bytes", "Memory that is resident",
          static_cast<double>(self.resident_bytes));
    gauge("process_open_fds", "Open files and sockets", static_cast<double>(self.open_descriptors));
    gauge("process_max_fds", "As many may be open", static_cast<double>(descriptor_limit()));
    gauge("process_start_time_seconds", "When it was started, since 1970", self.start_seconds);
    std::vector<labelled> by_status;
    for (const auto& [status, count] : traffic.answers)
        by_status.push_back({std::to_string(status), static_cast<double>(count)});
    counters("p2p_http_answers_total", "Requests that were answered, by status", "status",
             std::move(by_status));
    gauge("p2p_http_watchers", "Streams of events that are open", static_cast<double>(traffic.watchers));
    counter("p2p_http_events_total", "Events that were sent on these", static_cast<double>(traffic.events));
    return counter("p2p_http_event_bytes_total", "Bytes of these", static_cast<double>(traffic.event_bytes));
}

web_answer metrics::answer() const {
    std::vector<prometheus::MetricFamily> all;
    for (const family& one : families_) {
        prometheus::MetricFamily& made = all.emplace_back();
        made.name = one.name;
        made.help = one.help;
        made.type = one.is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
        for (const labelled& value : one.values) {
            prometheus::ClientMetric& metric = made.metric.emplace_back();
            if (!one.label.empty()) metric.label.push_back({one.label, value.label});
            metric.counter.value = metric.gauge.value = value.value;
        }
    }
    return {200, "text/plain; version=0.0.4; charset=utf-8", prometheus::TextSerializer{}.Serialize(all)};
}

}  // namespace p2p
