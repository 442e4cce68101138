# Wrappers around add_library and friends that every folder uses.
#
#   add_fp8attn_plain_library(NAME files... )     no LLVM: runtime and kernels
#   add_fp8attn_bitcode(NAME libraries...)        the same sources as LLVM bitcode
#   add_fp8attn_library(NAME files... [DEPENDS t...] [LINK_LIBS t...])
#   add_fp8attn_tool(NAME files... [LINK_LIBS t...])
#   fp8attn_isa_flags(VAR isa)                    the ISA -> flags table
#   fp8attn_llvm_libraries(VAR component...)      LLVM as MLIR has it
#   fp8attn_compile_models(NAME...)               NAME.mlir to NAME.o and NAME.h

set(FP8ATTN_WARNINGS -Wall -Wextra -Wno-unused-parameter)
if(FP8ATTN_WERROR)
  list(INSERT FP8ATTN_WARNINGS 2 -Werror)
endif()

# Kernels are always optimised: a debug kernel is of no use to anybody.
function(fp8attn_isa_flags out isa)
  set(avx2 -mavx2 -mfma -mf16c)
  set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl
      -mprefer-vector-width=512)
  set(avx512_bf16 ${avx512} -mavx512vbmi -mavx512bf16)
  if(isa STREQUAL "generic")
    set(flags)
  elseif(isa STREQUAL "avx2")
    # With 16 registers, loops keep some vectors on the stack, which the ABI aligns
    # to half of one: unless it is aligned, they lie across two cache lines where the
    # caller's depth has it so.
    set(flags ${avx2} -mstackrealign)
  elseif(isa STREQUAL "avx512")
    set(flags ${avx512})
  elseif(isa STREQUAL "avx512_bf16")
    set(flags ${avx512_bf16})
  elseif(isa STREQUAL "amx_bf16")
    set(flags ${avx512_bf16} -mamx-tile -mamx-bf16)
  else()
    message(FATAL_ERROR "no flags are known for ISA '${isa}'")
  endif()
  set(${out} -O3 -fno-exceptions -fno-rtti -fno-math-errno ${flags} PARENT_SCOPE)
endfunction()

# Programs that link a library keep their protection of branches and of return
# addresses only if all code of the library has it.
set(FP8ATTN_PROTECTION)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(FP8ATTN_PROTECTION -fcf-protection=full)
endif()

function(add_fp8attn_plain_library name)
  add_library(${name} STATIC ${ARGN})
  target_compile_options(${name} PRIVATE ${FP8ATTN_WARNINGS} ${FP8ATTN_PROTECTION})
  fp8attn_offer_headers(${name})
endfunction()

# Projects that add this one as a folder find the headers by what they link.
function(fp8attn_offer_headers name)
  target_include_directories(${name} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>)
endfunction()

# Compiles the sources of libraries of this folder once more, to LLVM bitcode, as
# the object library NAME. Whatever the build type, the code is what a user's
# object shall carry: optimised, without debug information, unsanitised. The
# compiler protects the object that it goes into as a whole.
function(add_fp8attn_bitcode name)
  foreach(library ${ARGN})
    get_target_property(sources ${library} SOURCES)
    get_target_property(folder ${library} SOURCE_DIR)
    set(paths)
    foreach(source ${sources})
      cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder})
      list(APPEND paths ${source})
    endforeach()
    add_library(${library}Bitcode OBJECT ${paths})
    target_compile_definitions(${library}Bitcode PRIVATE
      NDEBUG $<TARGET_PROPERTY:${library},COMPILE_DEFINITIONS>)
    target_compile_options(${library}Bitcode PRIVATE -O2
      $<FILTER:$<TARGET_PROPERTY:${library},COMPILE_OPTIONS>,EXCLUDE,^-fcf-protection>
      -emit-llvm -g0 -fno-sanitize=all -fomit-frame-pointer)
    list(APPEND objects $<TARGET_OBJECTS:${library}Bitcode>)
  endforeach()
  add_library(${name} INTERFACE)
  target_sources(${name} INTERFACE ${objects})
endfunction()

# fp8attn_llvm_libraries(VAR component...): libLLVM.so where it was built and MLIR is
# linked with it, else the static libraries of the components.
function(fp8attn_llvm_libraries out)
  if(FP8ATTN_SHARED_MLIR OR LLVM_LINK_LLVM_DYLIB)
    set(${out} LLVM PARENT_SCOPE)
  else()
    llvm_map_components_to_libnames(libraries ${ARGN})
    set(${out} ${libraries} PARENT_SCOPE)
  endif()
endfunction()

# MLIR and LLVM as they are linked: the shared libraries if they were built, else
# those static ones of which InitAll and the tools use something, with what they need.
if(FP8ATTN_SHARED_MLIR)
  set(FP8ATTN_MLIR_LIBRARIES MLIR)
else()
  get_property(dialects GLOBAL PROPERTY MLIR_DIALECT_LIBS)
  # MLIR lists those of its own tests among them.
  list(FILTER dialects EXCLUDE REGEX "Test")
  get_property(conversions GLOBAL PROPERTY MLIR_CONVERSION_LIBS)
  set(FP8ATTN_MLIR_LIBRARIES ${dialects} ${conversions}
    MLIRRegisterAllPasses MLIRFuncAllExtensions MLIRTensorAllExtensions
    MLIRBuiltinToLLVMIRTranslation MLIRLLVMToLLVMIRTranslation MLIRTargetLLVMIRExport
    MLIRBytecodeReader MLIRBytecodeWriter MLIRParser MLIROptLib MLIRLspServerLib
    MLIRReduceLib)
endif()
fp8attn_llvm_libraries(llvm AllTargetsAsmParsers AllTargetsCodeGens AllTargetsDescs
  AllTargetsInfos BitReader BitWriter Linker OrcJIT Passes)
list(APPEND FP8ATTN_MLIR_LIBRARIES ${llvm})

# Type information of a base class is there if LLVM has it: for code that includes
# LLVM.
function(fp8attn_match_type_information target)
  if(NOT LLVM_ENABLE_RTTI)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>)
  endif()
endfunction()

# A precompiled header holds when its headers were written: in every clone it is
# another, and one of another clone, which a compiler cache may give, is refused.
function(fp8attn_leave_out_times target)
  target_compile_options(${target} PRIVATE
    "$<$<COMPILE_LANG_AND_ID:CXX,Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()

# What code that includes MLIR has to have in common with it. The layout of classes
# depends on NDEBUG, whatever the build type is called.
function(fp8attn_use_mlir target)
  target_compile_options(${target} PRIVATE ${FP8ATTN_WARNINGS} -fno-exceptions)
  separate_arguments(definitions NATIVE_COMMAND ${LLVM_DEFINITIONS})
  target_compile_options(${target} PRIVATE ${definitions})
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  if(NOT LLVM_ENABLE_ASSERTIONS AND NOT "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}" MATCHES "-DNDEBUG")
    target_compile_definitions(${target} PRIVATE NDEBUG)
  endif()
  fp8attn_match_type_information(${target})
  target_link_libraries(${target} PRIVATE ${FP8ATTN_MLIR_LIBRARIES})
  # What lib/CMakeLists.txt has precompiled, as code of the same kind.
  if(TARGET fp8attn-pch AND NOT target STREQUAL fp8attn-pch)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fPIC>)
    target_precompile_headers(${target} REUSE_FROM fp8attn-pch)
  endif()
  fp8attn_leave_out_times(${target})
endfunction()

function(add_fp8attn_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  fp8attn_use_mlir(${name})
  fp8attn_offer_headers(${name})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS})
endfunction()

function(add_fp8attn_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  fp8attn_use_mlir(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS})
endfunction()

# fp8attn_compile_models(NAME... [OPTIONS option...]): makes NAME.o, with the
# options, and NAME.h in the binary folder of NAME.mlir in the source folder.
function(fp8attn_compile_models)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" OPTIONS)
  foreach(name ${arg_UNPARSED_ARGUMENTS})
    set(model ${CMAKE_CURRENT_SOURCE_DIR}/${name}.mlir)
    add_custom_command(
      OUTPUT ${name}.o ${name}.h
      COMMAND fp8attn-compile ${model} ${arg_OPTIONS} -o ${name}.o
      COMMAND fp8attn-compile ${model} -o ${name}.h
      DEPENDS fp8attn-compile ${model} VERBATIM)
  endforeach()
endfunction()
