// What blessed-contrib's charts need of blessed when they only paint into a text canvas.
function Node() {}
function Box() {}
Box.prototype = Object.create(Node.prototype);
module.exports = { Node, Box, box: () => ({ setContent() {} }) };
