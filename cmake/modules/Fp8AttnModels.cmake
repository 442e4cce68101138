# fp8attn_add_model(TARGET file.mlir [OPTIONS option...])
#
# Compiles a model and links it into TARGET, whose sources then may include the
# header of the model, "file.h". OPTIONS are those of fp8attn-compile.
function(fp8attn_add_model target source)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" "OPTIONS")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "fp8attn_add_model: expects OPTIONS before the options, got "
      "\"${ARG_UNPARSED_ARGUMENTS}\"")
  endif()
  cmake_path(ABSOLUTE_PATH source)
  cmake_path(GET source STEM model)
  add_custom_command(
    OUTPUT ${model}.o ${model}.h
    COMMAND Fp8Attn::fp8attn-compile ${source} ${ARG_OPTIONS} -o ${model}.o
    COMMAND Fp8Attn::fp8attn-compile ${source} -o ${model}.h
    DEPENDS ${source} Fp8Attn::fp8attn-compile VERBATIM)
  target_sources(${target} PRIVATE
    ${CMAKE_CURRENT_BINARY_DIR}/${model}.o ${CMAKE_CURRENT_BINARY_DIR}/${model}.h)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${target} PRIVATE Fp8Attn::Kernels Fp8Attn::Runtime)
endfunction()
