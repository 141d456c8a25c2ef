-- What the fields of all answers are, as tables: `types` by name, each its
-- fields by theirs, `answers` by operation and status. What a kind stands for
-- is told in the file they are made of.
return require("src.generate.shapes").read(require "spec.support.answer_types")
