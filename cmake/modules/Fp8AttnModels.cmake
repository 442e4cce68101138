# fp8attn_add_model(TARGET file.mlir [NAME name] [SHARED] [OPTIONS option...])
#
# Compiles a model and links it into TARGET, whose sources then may include the
# header of the model, "NAME.h"; NAME is "file" unless it is given, as it must be
# for a second model of a target with that name of a file. The object has no
# kernels of its own and finds them in Fp8Attn::Kernels, or it is a shared library
# with what it needs. OPTIONS are those of fp8attn-compile.
#
# The files are in ${CMAKE_CURRENT_BINARY_DIR}/TARGET-models; a shared library is the
# target TARGET-NAME, too.
function(fp8attn_add_model target source)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "SHARED" "NAME" "OPTIONS")
  if(ARG_UNPARSED_ARGUMENTS OR ARG_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "fp8attn_add_model: expects NAME with a name, SHARED, and "
      "OPTIONS before the options, got \"${ARGN}\"")
  endif()
  cmake_path(ABSOLUTE_PATH source)
  if(NOT ARG_NAME)
    cmake_path(GET source STEM ARG_NAME)
  endif()
  get_property(names TARGET ${target} PROPERTY FP8ATTN_MODELS)
  if(ARG_NAME IN_LIST names)
    message(FATAL_ERROR "fp8attn_add_model: ${target} has a model \"${ARG_NAME}\" already; "
      "expects NAME with another one for ${source}")
  endif()
  set_property(TARGET ${target} APPEND PROPERTY FP8ATTN_MODELS ${ARG_NAME})

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}-models)
  file(MAKE_DIRECTORY ${folder})
  set(header ${folder}/${ARG_NAME}.h)
  set(code ${folder}/${ARG_NAME}.o)
  if(ARG_SHARED)
    set(code ${folder}/${ARG_NAME}.so)
  endif()
  add_custom_command(
    OUTPUT ${code} ${header}
    COMMAND Fp8Attn::fp8attn-compile ${source} ${ARG_OPTIONS} -o ${code}
    COMMAND Fp8Attn::fp8attn-compile ${source} -o ${header}
    DEPENDS ${source} Fp8Attn::fp8attn-compile VERBATIM)
  target_sources(${target} PRIVATE ${code} ${header})
  target_include_directories(${target} PRIVATE ${folder})
  if(ARG_SHARED)
    add_library(${target}-${ARG_NAME} SHARED IMPORTED)
    set_target_properties(${target}-${ARG_NAME} PROPERTIES
      IMPORTED_LOCATION ${code} IMPORTED_SONAME ${ARG_NAME}.so)
    target_link_libraries(${target} PRIVATE ${target}-${ARG_NAME})
  else()
    target_link_libraries(${target} PRIVATE Fp8Attn::Kernels)
  endif()
  target_link_libraries(${target} PRIVATE Fp8Attn::Runtime)
endfunction()
