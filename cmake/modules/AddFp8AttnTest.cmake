# How programs of GoogleTest are made.
#
#   add_fp8attn_unittest(NAME files... [MLIR] [LINK_LIBS t...])
#   fp8attn_use_googletest(TARGET)           what code of tests without MLIR is built with

find_package(GTest REQUIRED)

# GoogleTest is half of what a test is compiled from: one precompiled header for all
# tests but those that include MLIR, which have MLIR's (lib/CMakeLists.txt).
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/googletest_pch.cpp
  CONTENT "// Carrier of the precompiled header.\n")
add_library(fp8attn-googletest-pch OBJECT ${PROJECT_BINARY_DIR}/googletest_pch.cpp)
target_precompile_headers(fp8attn-googletest-pch PRIVATE
  ${CMAKE_CURRENT_LIST_DIR}/PrecompiledTest.h)

function(fp8attn_use_googletest target)
  target_link_libraries(${target} PRIVATE GTest::gtest)
  # -fPIC, as of libraries: code of programs could not have the header.
  target_compile_options(${target} PRIVATE ${FP8ATTN_WARNINGS}
    $<$<COMPILE_LANGUAGE:CXX>:-fPIC>)
  fp8attn_leave_out_times(${target})
  if(NOT target STREQUAL fp8attn-googletest-pch)
    target_precompile_headers(${target} REUSE_FROM fp8attn-googletest-pch)
  endif()
endfunction()
fp8attn_use_googletest(fp8attn-googletest-pch)

function(add_fp8attn_unittest name)
  cmake_parse_arguments(ARG "MLIR" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  if(ARG_MLIR)
    fp8attn_use_mlir(${name})
  else()
    fp8attn_use_googletest(${name})
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
endfunction()
