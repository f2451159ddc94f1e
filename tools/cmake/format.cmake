# format: brings the C++ files that git knows into shape; format-check: fails where one is not. Another version of
# clang-format would do it otherwise: Debian 12's counts.

find_program(P2P_CLANG_FORMAT NAMES clang-format-14 clang-format)

function(p2p_format target options)
  set(command "git ls-files -z '*.cpp' '*.hpp' | xargs -0 '${P2P_CLANG_FORMAT}' ${options}")
  if(NOT P2P_CLANG_FORMAT)
    set(command "echo 'clang-format is missing: apt-get install clang-format (or run tools/install-deps all)' >&2; exit 1")
  endif()
  add_custom_target(${target} COMMAND sh -c "${command}" WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
endfunction()

p2p_format(format "-i")
p2p_format(format-check "--dry-run --Werror")
