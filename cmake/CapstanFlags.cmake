# How everything is compiled. Applies to every target below the top folder, except `warnings`, which a
# target links (the functions in CapstanTargets.cmake do it for you).

include(CheckCCompilerFlag)
include(CheckPIESupported)

set(CAPSTAN_SANITIZE "" CACHE STRING "empty, address, thread or fuzzer")
set_property(CACHE CAPSTAN_SANITIZE PROPERTY STRINGS "" address thread fuzzer)
option(CAPSTAN_COVERAGE "count executed lines (gcov)" OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_compile_definitions(_GNU_SOURCE) # -std=c17 hides POSIX otherwise

# Asserts are our own promises and stay in every build type, so no NDEBUG here.
set(CMAKE_C_FLAGS_DEBUG "-Og -g")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")

# The same inputs give the same decision to the last bit on every build type: no fused multiply-add
# where the optimizer fancies one, no reassociation.
add_compile_options(-ffp-contract=off -fno-fast-math)
add_compile_options(-fno-common "-fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=")

check_pie_supported(LANGUAGES C)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(warnings INTERFACE)
target_compile_options(warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror
  -Wconversion -Wsign-conversion
  $<$<C_COMPILER_ID:GNU>:-Wdouble-promotion> # clang's complains of every NAN
  -Wshadow -Wundef -Wvla
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
  -Wformat=2 -Wwrite-strings -Wcast-align -Wpointer-arith)

# A controller that runs for years and parses what devices send: every mitigation that costs little.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT CAPSTAN_SANITIZE)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
  foreach(flag -fstack-clash-protection -fcf-protection) # not on every architecture
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    check_c_compiler_flag(${flag} ${have})
    if(${have})
      add_compile_options(${flag})
    endif()
  endforeach()
  add_link_options(-Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()

if(CAPSTAN_SANITIZE STREQUAL "address")
  set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(CAPSTAN_SANITIZE STREQUAL "thread")
  set(sanitize -fsanitize=thread)
elseif(CAPSTAN_SANITIZE STREQUAL "fuzzer")
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "the fuzz preset: expected clang, got ${CMAKE_C_COMPILER_ID}")
  endif()
  set(sanitize -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
elseif(CAPSTAN_SANITIZE)
  message(FATAL_ERROR "CAPSTAN_SANITIZE: expected address, thread or fuzzer, got ${CAPSTAN_SANITIZE}")
endif()
if(sanitize)
  add_compile_options(${sanitize} -fno-omit-frame-pointer)
  add_link_options(${sanitize})
endif()

if(CAPSTAN_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
