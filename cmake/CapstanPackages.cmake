# Everything that comes from the system, once. A folder links the imported target that it needs:
#   PkgConfig::libmodbus  PkgConfig::libconfig  PkgConfig::libuv  PkgConfig::jansson
#   PkgConfig::libcurl    PkgConfig::libmicrohttpd  PkgConfig::ncursesw
#   eclipse-paho-mqtt-c::paho-mqtt3as  Threads::Threads  PkgConfig::cmocka (tests)  libm

find_package(PkgConfig REQUIRED)
foreach(package libmodbus libconfig libuv jansson libcurl libmicrohttpd ncursesw)
  pkg_check_modules(${package} REQUIRED IMPORTED_TARGET ${package})
endforeach()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Paho has no pkg-config file, and its CMake file uses OpenSSL's targets without looking for them.
find_package(OpenSSL REQUIRED)
find_package(eclipse-paho-mqtt-c REQUIRED)

add_library(libm INTERFACE) # the C library's mathematics
target_link_libraries(libm INTERFACE m)

if(BUILD_TESTING)
  pkg_check_modules(cmocka IMPORTED_TARGET cmocka)
  if(NOT cmocka_FOUND)
    message(STATUS "cmocka is missing: building without tests (./dev setup test installs it)")
  endif()
endif()
