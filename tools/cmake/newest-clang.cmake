# The newest clang that is installed, of those that compile Asio's coroutines: Debian names each by its version.
foreach(version RANGE 40 16 -1)
  list(APPEND names clang++-${version})
endforeach()
find_program(P2P_CLANG NAMES ${names} NAMES_PER_DIR)
if(NOT P2P_CLANG)
  message(FATAL_ERROR "clang 16 or newer is missing: tools/install-deps all")
endif()
set(CMAKE_CXX_COMPILER ${P2P_CLANG})
