#include "support/hosts.hpp"

#include "support/programs.hpp"

namespace p2p::test {

host::host(const std::string& names) {
    write_text(folder_ / "hosts", "127.0.0.1 localhost\n" + names + "\n");
    holder_ = std::make_unique<process>(
        "/usr/bin/unshare", words{"--net", "--mount", "sh", "-c",
                                  "ip link set lo up && mount --bind " + (folder_ / "hosts").native() +
                                      " /etc/hosts && echo process $$ && exec sleep 1000"});
    process_ = holder_->wait_for_rest_of_line("process ");
}

words host::inside(const std::string& command) const {
    const std::string of = "=/proc/" + process_ + "/ns/";
    const std::string path = "PATH=" + std::filesystem::path{program("p2pclient")}.parent_path().native();
    return {"--net" + of + "net", "--mount" + of + "mnt", "sh", "-c",
            "cd " + folder_.path().native() + " && export " + path + ":$PATH && " + command};
}

std::unique_ptr<process> host::start(const std::string& command) const {
    return std::make_unique<process>("/usr/bin/nsenter", inside("exec " + command));
}

finished_process host::run(const std::string& command) const {
    return test::run("/usr/bin/nsenter", inside(command));
}

void host::does(const std::string& command) const {
    const finished_process ended = run(command);
    REQUIRE_MESSAGE(ended.exit_code == 0, command << ": " << ended.output);
}

void host::connect(const std::string& here, const host& other, const std::string& there) const {
    does("ip link add " + here + " type veth peer name " + there + " netns " + other.process_);
    does("ip link set " + here + " up");
    other.does("ip link set " + there + " up");
}

}  // namespace p2p::test
