# find_package(weir [COMPONENTS exporter]) gives
#   weir::weir         libweir.so
#   weir::weir_static  libweir.a, if jemalloc is there
#   weir::exporter     libweir-exporter.a, if the component is asked for; link one of the above too
get_filename_component(_weir_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(weir_FOUND TRUE)

if(NOT TARGET weir::weir)
  add_library(weir::weir SHARED IMPORTED)
  set_target_properties(weir::weir PROPERTIES
    IMPORTED_LOCATION "${_weir_prefix}/lib/libweir.so.@VERSION@"
    IMPORTED_SONAME "@SONAME@"
    INTERFACE_INCLUDE_DIRECTORIES "${_weir_prefix}/include")
endif()

find_library(WEIR_JEMALLOC_LIBRARY jemalloc)
mark_as_advanced(WEIR_JEMALLOC_LIBRARY)
if(WEIR_JEMALLOC_LIBRARY AND NOT TARGET weir::weir_static)
  add_library(weir::weir_static STATIC IMPORTED)
  set_target_properties(weir::weir_static PROPERTIES
    IMPORTED_LOCATION "${_weir_prefix}/lib/libweir.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_weir_prefix}/include"
    # A shared object with weir in it stays once it is loaded.
    INTERFACE_LINK_OPTIONS "-Wl,-z,nodelete;-pthread"
    INTERFACE_LINK_LIBRARIES "${WEIR_JEMALLOC_LIBRARY};stdc++;m")
endif()

foreach(_weir_component IN LISTS weir_FIND_COMPONENTS)
  if(_weir_component STREQUAL "exporter")
    include(CMakeFindDependencyMacro)
    find_dependency(absl)
    find_library(WEIR_MICROHTTPD_LIBRARY microhttpd)
    mark_as_advanced(WEIR_MICROHTTPD_LIBRARY)
    if(WEIR_MICROHTTPD_LIBRARY AND NOT TARGET weir::exporter)
      add_library(weir::exporter STATIC IMPORTED)
      set_target_properties(weir::exporter PROPERTIES
        IMPORTED_LOCATION "${_weir_prefix}/lib/libweir-exporter.a"
        INTERFACE_INCLUDE_DIRECTORIES "${_weir_prefix}/include"
        INTERFACE_LINK_OPTIONS "-pthread"
        INTERFACE_LINK_LIBRARIES
          "absl::str_format;absl::strings;absl::symbolize;${WEIR_MICROHTTPD_LIBRARY}")
    endif()
    set(weir_exporter_FOUND ${WEIR_MICROHTTPD_LIBRARY})
    set(_weir_reason "libmicrohttpd is missing")
  else()
    set(_weir_reason "there is no such component")
  endif()
  if(weir_FIND_REQUIRED_${_weir_component} AND NOT weir_${_weir_component}_FOUND)
    set(weir_FOUND FALSE)
    set(weir_NOT_FOUND_MESSAGE "${_weir_component}: ${_weir_reason}")
  endif()
endforeach()
unset(_weir_prefix)
