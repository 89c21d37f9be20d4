"""FileDescriptorSets of published APIs, of two kinds of packages: Python's, which hold descriptors as bytes, and .proto files."""

import ast
import pathlib
import subprocess
import sys
from importlib import metadata

from google.protobuf import descriptor_pb2


def _bytes_of(path):
    """The serialized FileDescriptorProto in a *_pb2.py, which is read and not run; None: there is none."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "AddSerializedFile" and node.args:
            if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, bytes):
                return node.args[0].value
    return None


def _read(folder, paths):
    found = {}
    for path in paths:
        data = _bytes_of(path) if path.exists() else None
        if data:
            found.setdefault(descriptor_pb2.FileDescriptorProto.FromString(data).name, data)
    return found


class PythonPackages:
    """The packages below a folder that pip has filled. Imports come from all of them, and are left out of a set when they are
    Google's own: those are in sidespan."""

    IN_SIDESPAN = ("google/api/", "google/rpc/", "google/protobuf/")

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.all = _read(self.folder, sorted(self.folder.rglob("*_pb2.py")))

    def names(self):
        return sorted(each.metadata["Name"].lower() for each in metadata.distributions(path=[str(self.folder)]))

    def files_of(self, name):
        (one,) = [each for each in metadata.distributions(path=[str(self.folder)]) if each.metadata["Name"].lower() == name]
        return _read(self.folder, [pathlib.Path(one.locate_file(file)) for file in one.files if str(file).endswith("_pb2.py")])

    def set_of(self, name, out):
        """Writes the set of a package: its files, and before each what it imports. The names of its own files."""
        own, written, order = self.files_of(name), set(), []

        def write(file):
            if file in written or (file not in own and file.startswith(self.IN_SIDESPAN)):
                return
            written.add(file)
            data = own.get(file) or self.all[file]
            for dependency in descriptor_pb2.FileDescriptorProto.FromString(data).dependency:
                write(dependency)
            order.append(data)

        for file in own:
            write(file)
        out.write_bytes(b"".join(b"\x0a" + _varint(len(data)) + data for data in order))
        return set(own)


class ProtoFiles:
    """A tree of .proto files; each folder with a service is one API."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def names(self):
        found = {path.parent for path in self.root.rglob("*.proto") if "\nservice " in path.read_text(errors="replace")}
        return sorted(str(path.relative_to(self.root)) for path in found)

    def set_of(self, name, out):
        files = sorted((self.root / name).glob("*.proto"))
        command = ["protoc", f"-I{self.root}", "--include_imports", f"--descriptor_set_out={out}", *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise ValueError(f"protoc: {done.stderr.strip().splitlines()[-1]}")
        return {str(file.relative_to(self.root)) for file in files}


def _varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


class Types:
    """What a set declares, by full name: enough of it to make up requests."""

    def __init__(self, path):
        self.messages, self.enums, self.methods = {}, {}, {}
        for file in descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file:
            package = f"{file.package}." if file.package else ""
            self._add(package, file.message_type, file.enum_type)
            for service in file.service:
                for method in service.method:
                    self.methods[f"{package}{service.name}.{method.name}"] = (file.name, method)

    def _add(self, scope, messages, enums):
        for message in messages:
            self.messages[scope + message.name] = message
            self._add(f"{scope}{message.name}.", message.nested_type, message.enum_type)
        for enum in enums:
            self.enums[scope + enum.name] = enum

    def field(self, message, path):
        """The field that a path of names reaches."""
        for name in path.split("."):
            field = next(each for each in self.messages[message].field if name in (each.name, each.json_name))
            message = field.type_name.lstrip(".")
        return field


if __name__ == "__main__":
    sys.exit("a module of run.py")
