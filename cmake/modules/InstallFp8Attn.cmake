# What `cmake --install` puts where, for projects that say find_package(Fp8Attn):
#
#   bin/                    the tools
#   include/fp8attn/        the headers of hosts and of compilers
#   include/fp8attn-c/      those of the C API
#   lib/                    runtime and kernels; the compiler's libraries; the
#                           plugin for mlir-opt and the C API
#   lib/cmake/Fp8Attn/      the package, of which Fp8AttnConfig.cmake is the start
#   lib/python3/dist-packages/fp8attn/
#                           the package for Python
#   lib/pkgconfig/          fp8attn.pc for hosts, fp8attn-c.pc for the C API
#   share/doc/fp8attn/      licence, pages and examples
#
# A project that adds this one as a folder gets the same names of targets, and
# fp8attn_add_model, but installs nothing of ours.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Fp8Attn)

# fp8attn_install(EXPORT names...): targets under Fp8Attn:: and the name without
# the project's.
function(fp8attn_install export)
  foreach(target ${ARGN})
    string(REGEX REPLACE "^Fp8Attn" "" name ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
      add_executable(Fp8Attn::${name} ALIAS ${target})
    else()
      add_library(Fp8Attn::${name} ALIAS ${target})
    endif()
  endforeach()
  if(NOT PROJECT_IS_TOP_LEVEL)
    return()
  endif()
  install(TARGETS ${ARGN} EXPORT ${export}
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT ${export} NAMESPACE Fp8Attn:: DESTINATION ${package})
endfunction()

fp8attn_install(Fp8AttnTargets
  Fp8AttnCAPI Fp8AttnKernels Fp8AttnRuntime Fp8AttnRuntimeShared
  fp8attn-compile fp8attn-lsp-server fp8attn-opt fp8attn-reduce fp8attn-run)
fp8attn_install(Fp8AttnCompilerTargets
  Fp8AttnCompilation Fp8AttnConversion Fp8AttnDialect Fp8AttnEmbedding
  Fp8AttnImport Fp8AttnInitAll Fp8AttnPipelines Fp8AttnTarget
  Fp8AttnTransforms)

include(Fp8AttnModels)
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

if(TARGET Fp8AttnPlugin)
  install(TARGETS Fp8AttnPlugin LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

# The reference is the tests'; it is not installed.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ ${PROJECT_BINARY_DIR}/include/
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN *.h PATTERN *.td PATTERN *.h.inc PATTERN Reference EXCLUDE
  PATTERN CMakeFiles EXCLUDE)

configure_package_config_file(cmake/Fp8AttnConfig.cmake.in Fp8AttnConfig.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(Fp8AttnConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES cmake/modules/Fp8AttnModels.cmake
  ${PROJECT_BINARY_DIR}/Fp8AttnConfig.cmake
  ${PROJECT_BINARY_DIR}/Fp8AttnConfigVersion.cmake
  DESTINATION ${package})

foreach(name fp8attn fp8attn-c)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
  FILES_MATCHING PATTERN *.md)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR})
