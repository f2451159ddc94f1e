# Everything comes from Debian packages (tools/install-deps); what is absent is named by its package.

find_package(Threads REQUIRED)

function(p2p_require_package name debian_package)
  find_package(${name} QUIET CONFIG)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${name} is missing: apt-get install ${debian_package} (or run tools/install-deps)")
  endif()
endfunction()

p2p_require_package(nlohmann_json nlohmann-json3-dev)
p2p_require_package(CLI11 libcli11-dev)
p2p_require_package(fmt libfmt-dev)
p2p_require_package(spdlog libspdlog-dev)
p2p_require_package(tl-expected libexpected-dev)
p2p_require_package(benchmark libbenchmark-dev)
p2p_require_package(SQLiteCpp libsqlitecpp-dev)

find_path(P2P_ASIO_INCLUDE asio.hpp)
if(NOT P2P_ASIO_INCLUDE)
  message(FATAL_ERROR "Asio is missing: apt-get install libasio-dev (or run tools/install-deps)")
endif()

# p2p_NAME is what to link; those libraries have no package of their own for CMake.
function(p2p_require_library name debian_package)
  string(TOUPPER P2P_${name} found)
  find_path(${found}_INCLUDE ${name}.h)
  find_library(${found}_LIBRARY ${name})
  if(NOT ${found}_INCLUDE OR NOT ${found}_LIBRARY)
    message(FATAL_ERROR "${name} is missing: apt-get install ${debian_package} (or run tools/install-deps)")
  endif()
  add_library(p2p_${name} INTERFACE)
  target_include_directories(p2p_${name} SYSTEM INTERFACE ${${found}_INCLUDE})
  target_link_libraries(p2p_${name} INTERFACE ${${found}_LIBRARY})
endfunction()

p2p_require_library(xxhash libxxhash-dev)
p2p_require_library(utf8proc libutf8proc-dev)

find_package(OpenSSL 3 QUIET COMPONENTS SSL Crypto)
if(NOT OPENSSL_FOUND)
  message(FATAL_ERROR "OpenSSL 3 is missing: apt-get install libssl-dev (or run tools/install-deps)")
endif()

# P2P_SYSTEMD and so on: ON by default; PkgConfig::P2P_SYSTEMD_MODULE is what to link then.
function(p2p_optional_package option help module debian_package)
  option(${option} ${help} ON)
  if(NOT ${option})
    return()
  endif()
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(${option}_MODULE QUIET IMPORTED_TARGET GLOBAL ${module})
  endif()
  if(NOT ${option}_MODULE_FOUND)
    message(FATAL_ERROR "${module} is missing: apt-get install ${debian_package} pkgconf (or run tools/install-deps), or "
      "build without it: -D${option}=OFF")
  endif()
endfunction()

p2p_optional_package(P2P_SYSTEMD "Tell systemd when the programs are ready (Type=notify)" libsystemd libsystemd-dev)
p2p_optional_package(P2P_LIBEDIT "Edit commands with history and completion at the peer's prompt" libedit libedit-dev)

p2p_optional_package(P2P_HTTP "Pages that show what the tracker and a peer do, and figures for Prometheus"
  libqrencode libqrencode-dev)
if(P2P_HTTP)
  # Its authors gave http_parser up for llhttp, which Debian 12 does not have (source/web/http1_parser.hpp).
  find_path(P2P_LLHTTP_INCLUDE llhttp.h)
  find_library(P2P_LLHTTP_LIBRARY llhttp)
  find_path(P2P_HTTP_PARSER_INCLUDE http_parser.h)
  find_library(P2P_HTTP_PARSER_LIBRARY http_parser)
  add_library(p2p_http1_parser INTERFACE)
  if(P2P_LLHTTP_INCLUDE AND P2P_LLHTTP_LIBRARY)
    target_include_directories(p2p_http1_parser SYSTEM INTERFACE ${P2P_LLHTTP_INCLUDE})
    target_link_libraries(p2p_http1_parser INTERFACE ${P2P_LLHTTP_LIBRARY})
  elseif(P2P_HTTP_PARSER_INCLUDE AND P2P_HTTP_PARSER_LIBRARY)
    target_include_directories(p2p_http1_parser SYSTEM INTERFACE ${P2P_HTTP_PARSER_INCLUDE})
    target_link_libraries(p2p_http1_parser INTERFACE ${P2P_HTTP_PARSER_LIBRARY})
  else()
    message(FATAL_ERROR "llhttp is missing: apt-get install libllhttp-dev, or libhttp-parser-dev where there is none (or "
      "run tools/install-deps), or build without it: -DP2P_HTTP=OFF")
  endif()
  p2p_require_package(prometheus-cpp prometheus-cpp-dev)
endif()

# Asio's own definitions are compiled once, in source/net/asio.cpp.
add_library(p2p_asio INTERFACE)
target_include_directories(p2p_asio SYSTEM INTERFACE ${P2P_ASIO_INCLUDE})
target_compile_definitions(p2p_asio INTERFACE ASIO_SEPARATE_COMPILATION ASIO_NO_DEPRECATED)
target_link_libraries(p2p_asio INTERFACE Threads::Threads)
