/** Imported for what it does: the runner may have said that there are to be colours; texts are compared without. */
delete process.env.FORCE_COLOR;
process.env.NO_COLOR = "1";
