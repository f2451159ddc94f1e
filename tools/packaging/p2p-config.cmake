# find_package(p2p): p2p::peer, a peer for your own program (docs/library.md).

include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(OpenSSL 3)
find_dependency(fmt)
find_dependency(spdlog)
find_dependency(tl-expected)
find_dependency(nlohmann_json)

# What it was built with, of what a build can be without.
foreach(option P2P_SYSTEMD:libsystemd P2P_LIBEDIT:libedit)
  string(REGEX REPLACE ":.*" "" name ${option})
  string(REGEX REPLACE ".*:" "" module ${option})
  if(NOT TARGET PkgConfig::${name}_MODULE)
    find_dependency(PkgConfig)
    pkg_check_modules(${name}_MODULE QUIET IMPORTED_TARGET ${module})
  endif()
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/p2p-targets.cmake)
