// What a program works on at present: whoever works says so here, and whoever shows it looks.
#pragma once

#include "core/views/activity.hpp"

#include <functional>
#include <list>
#include <vector>

namespace p2p {

class activities {
public:
    using look = std::function<activity()>;

    /// It goes on as long as this lives.
    class entry {
    public:
        entry(activities& among, look how)
            : among_(among), at_(among.looks_.insert(among.looks_.end(), std::move(how))) {}
        ~entry() { among_.looks_.erase(at_); }
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;

    private:
        activities& among_;
        std::list<look>::iterator at_;
    };

    /// In the order in which they began.
    std::vector<activity> now() const {
        std::vector<activity> all;
        for (const look& one : looks_) all.push_back(one());
        return all;
    }

private:
    std::list<look> looks_;
};

/// Work of a known size on one file-set.
class progress {
public:
    progress(activities& among, activity::kind what, std::string name, byte_count total)
        : is_{.what = what, .name = std::move(name), .total = total}, entry_(among, [this] { return is_; }) {}
    void add(byte_count bytes) { is_.done += bytes; }

private:
    activity is_;
    activities::entry entry_;
};

}  // namespace p2p
