--- The version of this module, as it is told to programs, servers and people.
return "0.2.0"
