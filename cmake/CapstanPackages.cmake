# Everything that comes from the system, once. A folder links the imported target that it needs:
#   PkgConfig::libmodbus  PkgConfig::libconfig  PkgConfig::libuv  PkgConfig::jansson
#   PkgConfig::libcurl    PkgConfig::libmicrohttpd  PkgConfig::ncursesw
#   eclipse-paho-mqtt-c::paho-mqtt3as  libcsv  Threads::Threads  PkgConfig::cmocka (tests)  libm

find_package(PkgConfig REQUIRED)
foreach(package libmodbus libconfig libuv jansson libcurl libmicrohttpd ncursesw)
  pkg_check_modules(${package} REQUIRED IMPORTED_TARGET ${package})
endforeach()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Paho has no pkg-config file, and its CMake file uses OpenSSL's targets without looking for them.
find_package(OpenSSL REQUIRED)
find_package(eclipse-paho-mqtt-c REQUIRED)

# libcsv has neither.
find_library(CSV_LIBRARY csv REQUIRED)
find_path(CSV_INCLUDE csv.h REQUIRED)
add_library(libcsv INTERFACE)
target_link_libraries(libcsv INTERFACE ${CSV_LIBRARY})
target_include_directories(libcsv SYSTEM INTERFACE ${CSV_INCLUDE})

# General solvers, which the tests and the benchmark hold our own against.
find_library(GLPK_LIBRARY glpk)
find_path(GLPK_INCLUDE glpk.h)
if(GLPK_LIBRARY AND GLPK_INCLUDE)
  add_library(glpk INTERFACE)
  target_link_libraries(glpk INTERFACE ${GLPK_LIBRARY})
  target_include_directories(glpk SYSTEM INTERFACE ${GLPK_INCLUDE})
else()
  message(STATUS "GLPK is missing: the proof of optimality is left out (./dev setup test installs it)")
endif()

add_library(libm INTERFACE) # the C library's mathematics
target_link_libraries(libm INTERFACE m)

if(BUILD_TESTING)
  pkg_check_modules(cmocka IMPORTED_TARGET cmocka)
  if(NOT cmocka_FOUND)
    message(STATUS "cmocka is missing: building without tests (./dev setup test installs it)")
  endif()
endif()
