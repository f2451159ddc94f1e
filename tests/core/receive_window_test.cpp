#include "core/hosts/receive_window.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

constexpr byte_count mebibyte = 1024 * 1024;
constexpr std::size_t ethernet = 1448;  // of TCP in a frame

/// Senders that share a rate equally, for a while.
class download {
public:
    explicit download(std::size_t senders) : senders_(senders) {}

    void run(byte_count bytes_per_second, duration time) {
        constexpr duration step = 5ms;
        for (duration done{}; done < time; done += step, now_ += step)
            for (auto& sender : senders_)
                window.came(sender, bytes_per_second / (1s / step) / senders_.size(), now_);
    }

    receive_window window;

private:
    std::vector<receive_window::sender> senders_;
    time_point now_{1h};
};

}  // namespace

TEST_CASE("before anything came nobody is kept back") {
    CHECK_FALSE(receive_window{}.of_one({10ms, ethernet}));
}

TEST_CASE("one or two senders are never kept back") {
    for (const std::size_t senders : {1, 2}) {
        CAPTURE(senders);
        download slow{senders};
        slow.run(100 * 1024, 2s);
        CHECK_FALSE(slow.window.of_one({1ms, ethernet}));
    }
}

TEST_CASE("on a slow link many senders share twice what it carries in 15 ms and the round trip") {
    download from_sixteen{16};
    from_sixteen.run(16 * mebibyte, 2s);
    const auto window = from_sixteen.window.of_one({5ms, ethernet});
    REQUIRE(window);
    CHECK(*window == doctest::Approx(2 * 0.020 * 16 * mebibyte / 16).epsilon(0.05));
}

TEST_CASE("a long way is given its round trip") {
    download from_sixteen{16};
    from_sixteen.run(4 * mebibyte, 2s);
    CHECK(from_sixteen.window.of_one({60ms, ethernet}) > from_sixteen.window.of_one({20ms, ethernet}));
}

TEST_CASE("however slow a link is, its senders may be 128 KiB ahead together") {
    download from_sixteen{16};
    from_sixteen.run(16 * 1024, 2s);
    CHECK(from_sixteen.window.of_one({1ms, ethernet}) == 128 * 1024 / 16);
}

TEST_CASE("a sender may always be four segments ahead") {
    download from_sixty{60};
    from_sixty.run(100 * 1024, 2s);
    CHECK(from_sixty.window.of_one({1ms, ethernet}) == 4 * ethernet);
}

TEST_CASE("where segments are as large as over loopback nobody is kept back") {
    download from_sixteen{16};
    from_sixteen.run(100 * 1024, 2s);
    CHECK_FALSE(from_sixteen.window.of_one({1ms, 65483}));
}

TEST_CASE("on a fast link nobody is kept back") {
    download from_sixteen{16};
    from_sixteen.run(1024 * mebibyte, 2s);
    CHECK_FALSE(from_sixteen.window.of_one({1ms, ethernet}));
}

TEST_CASE("a link that was fast a second ago is slow now") {
    download from_sixteen{16};
    from_sixteen.run(1024 * mebibyte, 2s);
    from_sixteen.run(mebibyte, 500ms);
    CHECK_FALSE(from_sixteen.window.of_one({1ms, ethernet}));
    from_sixteen.run(mebibyte, 1s);
    CHECK(from_sixteen.window.of_one({1ms, ethernet}));
}

TEST_CASE("after a pause nothing of the rate before is left") {
    download from_sixteen{16};
    from_sixteen.run(1024 * mebibyte, 2s);
    from_sixteen.run(0, 2s);
    CHECK(from_sixteen.window.of_one({1ms, ethernet}) == 128 * 1024 / 16);
}
