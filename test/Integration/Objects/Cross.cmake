# The same for AArch64: everything is compiled here by clang, and the program is
# run by an emulator. Debian: qemu-user libstdc++-12-dev-arm64-cross; without them
# the test says so and is skipped.

set(triple aarch64-linux-gnu)
set(sysroot /usr/${triple})
set(gtest /usr/src/googletest/googletest)
find_program(FP8ATTN_QEMU_AARCH64 qemu-aarch64)
if(NOT FP8ATTN_QEMU_AARCH64)
  set(missing "qemu-aarch64 is not in the PATH (package qemu-user)")
elseif(NOT EXISTS ${sysroot}/include/c++)
  set(missing "${sysroot} has no C++ headers (package libstdc++-12-dev-arm64-cross)")
elseif(NOT EXISTS ${gtest}/src/gtest-all.cc)
  set(missing "${gtest} has no sources of GoogleTest (package googletest)")
elseif(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  set(missing "the C++ compiler is not clang, which knows all architectures")
endif()
if(missing)
  add_fp8attn_unittest(CrossTests CrossSkipped.cpp)
  target_compile_definitions(CrossTests PRIVATE FP8ATTN_MISSING="AArch64: ${missing}")
  return()
endif()

set(MODEL cross)
configure_file(model.mlir.in cross.mlir)
add_custom_command(
  OUTPUT cross.o cross.h
  COMMAND fp8attn-compile cross.mlir --mtriple=${triple} --mcpu=generic -o cross.o
  COMMAND fp8attn-compile cross.mlir -o cross.h
  DEPENDS fp8attn-compile ${CMAKE_CURRENT_BINARY_DIR}/cross.mlir VERBATIM)

add_executable(CrossTests CrossTest.cpp ../Problem.cpp ../ProblemReference.cpp ../NativeIsas.cpp
  ${gtest}/src/gtest-all.cc ${gtest}/src/gtest_main.cc
  cross.h ${CMAKE_CURRENT_BINARY_DIR}/cross.o)
foreach(library Fp8AttnKernelsGeneric Fp8AttnRuntime Fp8AttnReference)
  get_target_property(sources ${library} SOURCES)
  get_target_property(folder ${library} SOURCE_DIR)
  list(TRANSFORM sources PREPEND ${folder}/)
  target_sources(CrossTests PRIVATE ${sources})
endforeach()
target_include_directories(CrossTests PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/..
  ${CMAKE_CURRENT_BINARY_DIR} ${PROJECT_SOURCE_DIR}/runtime_kernels
  $<TARGET_PROPERTY:Fp8AttnReference,INCLUDE_DIRECTORIES>)
target_include_directories(CrossTests SYSTEM PRIVATE ${gtest} ${gtest}/include)
target_compile_definitions(CrossTests PRIVATE FP8ATTN_KERNEL_NAMESPACE=cross FP8ATTN_KERNEL_ISA=generic)
# The emulator is slow: no sanitizers, no debug build.
target_compile_options(CrossTests PRIVATE --target=${triple} -O2 -fno-sanitize=all)
target_link_options(CrossTests PRIVATE --target=${triple} -fno-sanitize=all -pthread)
add_test(NAME CrossTests
  COMMAND ${FP8ATTN_QEMU_AARCH64} -L ${sysroot} $<TARGET_FILE:CrossTests>)
# What keeps a call from a better ISA is the CPU here, whatever cap is set outside.
set_tests_properties(CrossTests PROPERTIES
  ENVIRONMENT_MODIFICATION FP8ATTN_ISA=unset:)
