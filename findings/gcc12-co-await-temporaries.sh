#!/usr/bin/env bash
# g++ 12 destroys some temporaries of a co_await expression twice. Counting constructors and destructors shows which.
#
# Versions: g++-12 12.2.0-14+deb12u1 (Debian 12). As it should be: clang++-19 1:19.1.7 (Debian 12), g++-14 14.2.0 (13).
# Behaviour: where the argument of what is awaited is an aggregate literal, a braced list, a lambda that captures by value
#   or a ?: of literals, it (or what is in it) is destroyed more often than it was made: at -O0 as at -O2, and without a
#   warning. A value that has a name is treated well.
# Seen:
#   g++ 12: named 3/3, literal 2/3, braced 2/3, lambda 3/4, conditional 3/6 (made/destroyed)
#   clang++-19, g++-14: named 3/3, literal 2/2, braced 2/2, lambda 3/3, conditional 2/2
# Why it matters: `co_await stream.send({.name = name, .chunk = next})` is what one writes, and it works: as long as the
#   members are numbers, or strings too short for the heap. With a longer one or a shared_ptr it is a double free, which
#   shows some time later and somewhere else.
# Instead: name the value before the co_await, and move it; or give the type a constructor; or compile with g++ 14.
#   Where g++ 12 must do, the address sanitizer in the everyday tests finds what slipped through.
. "$(dirname "$0")/support/common.sh"

need g++-12
[ "$(g++-12 -dumpfullversion)" = 12.2.0 ] || skip "g++-12 is $(g++-12 -dumpfullversion), and this is about 12.2.0"

# The least that can be awaited: a coroutine that runs to its end when it is.
cat >"$work/count.cpp" <<'CPP'
#include <coroutine>
#include <cstdio>
#include <utility>

int made, destroyed;

struct counted {
    counted() { ++made; }
    counted(const counted&) { ++made; }
    counted(counted&&) noexcept { ++made; }
    ~counted() { ++destroyed; }
};

struct note {
    counted name;
    int chunk;
};

struct task {
    struct promise_type {
        task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() {}
    };
    explicit task(std::coroutine_handle<promise_type> h) : handle(h) {}
    task(task&& other) noexcept : handle(std::exchange(other.handle, {})) {}
    ~task() { if (handle) handle.destroy(); }
    bool await_ready() { return handle.resume(), true; }
    void await_suspend(std::coroutine_handle<>) {}
    void await_resume() {}
    std::coroutine_handle<promise_type> handle;
};

task send(note) { co_return; }
template <class Function> task call(Function) { co_return; }

task named() { note n{.name = {}, .chunk = 1}; co_await send(std::move(n)); }
task literal() { co_await send(note{.name = {}, .chunk = 1}); }
task braced() { co_await send({{}, 1}); }
task lambda() { counted c; co_await call([c] { (void)c; }); }
task conditional() { co_await send(made == 0 ? note{{}, 1} : note{{}, 2}); }

void run(const char* name, task (*work)()) {
    made = destroyed = 0;
    work().handle.resume();
    std::printf("%s %d/%d", name, made, destroyed);
}

int main() {
    run("named", named);
    run(", literal", literal);
    run(", braced", braced);
    run(", lambda", lambda);
    run(", conditional", conditional);
}
CPP

right="named 3/3, literal 2/2, braced 2/2, lambda 3/3, conditional 2/2"
for level in -O0 -O2; do
    g++-12 -std=c++20 $level -Wall -Wextra -Werror "$work/count.cpp" -o "$work/count"
    expect "g++ 12 $level" "named 3/3, literal 2/3, braced 2/3, lambda 3/4, conditional 3/6" "$("$work/count")"
    for other in clang++-19 g++-13 g++-14; do
        command -v $other >/dev/null || continue
        $other -std=c++20 $level "$work/count.cpp" -o "$work/count"
        expect "$other $level" "$right" "$("$work/count")"
    done
done
