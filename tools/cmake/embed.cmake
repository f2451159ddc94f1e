# cmake -DOUT=table.cpp "-DFILES=a;b" -P embed.cmake: a C++ file that has these files in it (web/assets.cpp).

set(table "#include \"web/asset_table.hpp\"\n\nnamespace p2p {\n\nconst std::map<std::string_view, std::string_view> asset_table{\n")
foreach(file ${FILES})
  file(READ ${file} content)
  get_filename_component(name ${file} NAME)
  string(APPEND table "    {\"${name}\", R\"~~~~(${content})~~~~\"},\n")
endforeach()
file(WRITE ${OUT} "${table}};\n\n}  // namespace p2p\n")
