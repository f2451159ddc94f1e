# Warnings, sanitizers, and what makes building quick, for every target of the project.

# What was compiled before is not compiled again, and linking takes seconds.
option(P2P_QUICK "Compile through ccache, and link with mold, where they are installed" ON)
if(P2P_QUICK)
  find_program(P2P_CCACHE ccache)
  find_program(P2P_MOLD mold)
  if(P2P_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Precompiled headers need the first two; the others are for headers that are as new as they are in CI.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${P2P_CCACHE})
  endif()
  if(P2P_MOLD)
    add_link_options(-fuse-ld=mold)
  endif()
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12 at -O2: on coroutine frames, and on std::string's operator+.
  add_compile_options(-Wno-mismatched-new-delete -Wno-restrict)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Asio 1.22 does not recognise clang's coroutines by itself.
  add_compile_definitions(ASIO_HAS_CO_AWAIT)
  # It says that std::stable_sort of libstdc++ 12 uses what is deprecated. g++ still says so of our own code.
  add_compile_options(-Wno-deprecated-declarations)
endif()

if(P2P_SANITIZE)
  add_compile_options(-fsanitize=${P2P_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${P2P_SANITIZE})
  if(P2P_SANITIZE MATCHES "thread")
    # g++ 12 warns of fences that tsan cannot see; Asio's are on paths that tsan does understand.
    add_compile_options(-Wno-tsan)
  endif()
endif()

# What nearly every file of a target includes is parsed once: it is a third of the time that compiling takes.
function(p2p_precompile target)
  target_precompile_headers(${target} PRIVATE
    <algorithm> <chrono> <deque> <filesystem> <functional> <map> <memory> <optional> <random> <set> <string>
    <string_view> <unordered_map> <variant> <vector> ${ARGN})
endfunction()

# Files that read options, once: to optimize what CLI11 makes of them takes a minute, and saves nothing.
function(p2p_run_once)
  set_source_files_properties(${ARGN} PROPERTIES
    COMPILE_OPTIONS $<$<CONFIG:Release>:-O0> SKIP_PRECOMPILE_HEADERS ON)
endfunction()
