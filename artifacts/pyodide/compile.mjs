// Compile the Python files of a folder as if they were at another place: node compile.mjs FOLDER PLACE
import { loadPyodide } from "pyodide";

const [folder, place] = process.argv.slice(2);
const python = await loadPyodide();
python.FS.mkdirTree(place);
python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, place);
python.globals.set("place", place);
const compiled = python.runPython(`
import compileall, py_compile
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
bool(compileall.compile_dir(place, maxlevels=100, force=True, quiet=1, invalidation_mode=unchecked))
`);
process.exitCode = compiled ? 0 : 1;
