// The completion of the script editor reads YAML, and JSON as a part of it, up to the cursor.
export { isMap, isScalar, isSeq, parseDocument } from "yaml";
