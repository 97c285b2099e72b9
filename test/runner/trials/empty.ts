console.log("there is no test in here");
