# The verbs of every CMakeLists.txt below.
#
# Headers lie beside their sources and are included by their path from the top, "folder/header.h". A
# target's include path holds one link, to its own folder, so a file sees its own folder and what its
# target links, and nothing else: a forbidden include ends in "no such file".
#
#   capstan_library(controller tick.c estimate.c)       a folder's library; then say what it may see:
#   target_link_libraries(controller PUBLIC model policies)
#       PUBLIC when our headers include theirs, PRIVATE when only our sources do.
#
#   capstan_program(capstan main.c)                     ends up in build/bin/
#   target_link_libraries(capstan PRIVATE service)
#
#   capstan_test(stage_test stage_test.c LIBS controller [TIMEOUT 60] [LABELS unit])
#       a cmocka program (linked for you), run by ctest in an empty folder of its own that is kept
#       until the next run. LABELS: one of unit (the default), property, integration; add `nosan` to
#       leave it out of the sanitizer pass, `serial` when nothing else may run beside it.
#   capstan_script_test(foreign_meter foreign_meter.sh [ARGS a b] [TIMEOUT 60] [LABELS integration])
#       the same for a script, named relative to the folder.
#       Both see CAPSTAN_SOURCE_DIR (the tree), CAPSTAN_BIN_DIR (the programs) and CAPSTAN_SANITIZE
#       (empty, address or thread: to ask for fewer rounds). Exit status 77 means skipped.
#
#   capstan_bench(bench_tick bench_tick.c LIBS controller)   see bench/README.md
#
#   capstan_fuzz(fuzz_policy fuzz_policy.c LIBS config)
#       defines LLVMFuzzerTestOneInput. The fuzz preset links it with libFuzzer; every other preset
#       makes it a test that replays tests/fuzz/corpus/<name>/, so that what was found stays found.

include_guard(GLOBAL)

# What ./dev builds when it does not need everything.
add_custom_target(programs)
add_custom_target(bench_programs)
add_custom_target(fuzz_targets)

# Gives a target its own folder as "path/from/the/top/...": SCOPE is PUBLIC for what others link.
function(capstan_own_folder target scope)
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE path)
  cmake_path(GET path PARENT_PATH parent)
  set(root ${CMAKE_BINARY_DIR}/include/${target})
  file(MAKE_DIRECTORY ${root}/${parent})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${path} SYMBOLIC)
  target_include_directories(${target} ${scope} ${root})
endfunction()

function(capstan_library name)
  add_library(${name} STATIC ${ARGN})
  capstan_own_folder(${name} PUBLIC)
  target_link_libraries(${name} PRIVATE warnings)
endfunction()

function(capstan_program name)
  add_executable(${name} ${ARGN})
  capstan_own_folder(${name} PRIVATE)
  target_link_libraries(${name} PRIVATE warnings)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  if(name MATCHES "^capstan")
    add_dependencies(programs ${name})
  endif()
endfunction()

# Registers COMMAND (with CMake's generator expressions) under ctest, in an empty folder of its own.
function(capstan_add_test name timeout labels)
  add_test(NAME ${name}
    COMMAND ${CMAKE_SOURCE_DIR}/cmake/in-empty-folder ${CMAKE_BINARY_DIR}/tests/run/${name} ${ARGN})
  set(environment
    CAPSTAN_SOURCE_DIR=${CMAKE_SOURCE_DIR}
    CAPSTAN_BIN_DIR=${CMAKE_BINARY_DIR}/bin
    CAPSTAN_SANITIZE=${CAPSTAN_SANITIZE}
    UBSAN_OPTIONS=print_stacktrace=1
    TSAN_OPTIONS=halt_on_error=1)
  if(NOT timeout)
    set(timeout 60)
  endif()
  if(NOT labels)
    set(labels unit)
  endif()
  set_tests_properties(${name} PROPERTIES
    ENVIRONMENT "${environment}" TIMEOUT ${timeout} LABELS "${labels}" SKIP_RETURN_CODE 77)
  if("serial" IN_LIST labels)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()

function(capstan_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LIBS;LABELS")
  if(NOT BUILD_TESTING OR NOT cmocka_FOUND)
    return()
  endif()
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  capstan_own_folder(${name} PRIVATE)
  target_link_libraries(${name} PRIVATE ${arg_LIBS} PkgConfig::cmocka warnings)
  capstan_add_test(${name} "${arg_TIMEOUT}" "${arg_LABELS}" $<TARGET_FILE:${name}>)
endfunction()

function(capstan_script_test name script)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "TIMEOUT" "ARGS;LABELS")
  if(NOT arg_LABELS)
    set(arg_LABELS integration)
  endif()
  if(BUILD_TESTING)
    capstan_add_test(${name} "${arg_TIMEOUT}" "${arg_LABELS}" ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${arg_ARGS})
  endif()
endfunction()

function(capstan_bench name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  if(NOT name MATCHES "^bench_")
    message(FATAL_ERROR "capstan_bench: expected a name that starts with bench_, got ${name}")
  endif()
  capstan_program(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_LIBS})
  add_dependencies(bench_programs ${name})
endfunction()

function(capstan_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  if(NOT name MATCHES "^fuzz_")
    message(FATAL_ERROR "capstan_fuzz: expected a name that starts with fuzz_, got ${name}")
  endif()
  if(CAPSTAN_SANITIZE STREQUAL "fuzzer")
    capstan_program(${name} ${arg_UNPARSED_ARGUMENTS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE ${arg_LIBS})
    add_dependencies(fuzz_targets ${name})
  elseif(BUILD_TESTING)
    add_executable(${name} ${arg_UNPARSED_ARGUMENTS} ${CMAKE_SOURCE_DIR}/cmake/fuzz_replay.c)
    capstan_own_folder(${name} PRIVATE)
    target_link_libraries(${name} PRIVATE ${arg_LIBS} warnings)
    capstan_add_test(${name} 60 unit $<TARGET_FILE:${name}> ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
  endif()
endfunction()
