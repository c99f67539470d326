// Compile the Python files of folders as if each were at one place: node compile.mjs PLACE FOLDER...
import { loadPyodide } from "pyodide";

const [place, ...folders] = process.argv.slice(2);
const python = await loadPyodide();
python.FS.mkdirTree(place);
python.globals.set("place", place);
for (const folder of folders) {
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, place);
  const compiled = python.runPython(`
import compileall, py_compile
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
bool(compileall.compile_dir(place, maxlevels=100, force=True, quiet=1, invalidation_mode=unchecked))
`);
  python.FS.unmount(place);
  if (!compiled) process.exitCode = 1;
}
