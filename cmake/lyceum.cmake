# How every module is built. There is no global include path: a module is seen under its own name
# through a directory that holds a link to it and nothing else, and only by who links to it. An
# include against the arrows of docs/architecture.md does not compile.

add_library(lyceum_options INTERFACE)
target_compile_options(lyceum_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wno-missing-field-initializers -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees restrict and bounds violations inside std::string that are not there (PR 105651).
  target_compile_options(lyceum_options INTERFACE -Wno-restrict -Wno-stringop-overflow
    -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overread)
  # Asio's fences are beside atomics that ThreadSanitizer does understand.
  if(LYCEUM_SANITIZE MATCHES "thread")
    target_compile_options(lyceum_options INTERFACE -Wno-tsan)
  endif()
endif()
if(LYCEUM_SANITIZE)
  add_compile_options(-fsanitize=${LYCEUM_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LYCEUM_SANITIZE})
endif()
if(LYCEUM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# lyceum_module(sip SOURCES a.cpp … LINK base … PRIVATE OpenSSL::Crypto)
# The path below the source directory is the include prefix: server/focus is "server/focus/…".
function(lyceum_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  file(RELATIVE_PATH prefix ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(view ${CMAKE_BINARY_DIR}/include/${name})
  get_filename_component(parent ${view}/${prefix} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  if(NOT EXISTS ${view}/${prefix})
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${view}/${prefix} SYMBOLIC)
  endif()
  add_library(lyceum_${name} STATIC ${ARG_SOURCES})
  target_include_directories(lyceum_${name} PUBLIC ${view})
  foreach(dependency ${ARG_LINK})
    target_link_libraries(lyceum_${name} PUBLIC lyceum_${dependency})
  endforeach()
  target_link_libraries(lyceum_${name} PRIVATE lyceum_options ${ARG_PRIVATE})
endfunction()

# lyceum_embed(webadmin page_files.cpp.in DIRECTORY … FILES …)
# Files as part of the program: the template, in which @included@ brings the octets and @table@ is a
# line `{"path", {begin, end}},` for each, becomes a source of the module. Sorted by path.
function(lyceum_embed module template)
  cmake_parse_arguments(ARG "" "DIRECTORY" "FILES" ${ARGN})
  list(SORT ARG_FILES COMPARE STRING)
  set(included "")
  set(table "")
  set(number 0)
  foreach(file ${ARG_FILES})
    set(symbol lyceum_${module}_file_${number})
    string(APPEND included
      "__asm__(\".section .rodata\\n${symbol}:\\n.incbin \\\"${ARG_DIRECTORY}/${file}\\\"\\n\"\n"
      "        \"${symbol}_end:\\n.previous\\n\");\n"
      "extern \"C\" const char ${symbol}[], ${symbol}_end[];\n")
    string(APPEND table "    {\"${file}\", {${symbol}, ${symbol}_end}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  string(REGEX REPLACE "\\.in$" "" source ${template})
  configure_file(${template} ${source} @ONLY)
  list(TRANSFORM ARG_FILES PREPEND ${ARG_DIRECTORY}/)
  set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/${source}
    TARGET_DIRECTORY lyceum_${module} PROPERTIES OBJECT_DEPENDS "${ARG_FILES}")
  target_sources(lyceum_${module} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${source})
endfunction()
